# SPDX-License-Identifier: GPL-2.0-or-later
# make models: what happens on several CPUs at once, in every order.
SPIN_MODELS := events grants types roots

.PHONY: models
models: | $(SETUP_TEST) ## every interleaving of four protocols between CPUs, and seeded mistakes (Spin)
	$(Q)tests/spin/run $(B)/tests/spin $(SPIN_MODELS:%=tests/spin/%.pml)
