# SPDX-License-Identifier: GPL-2.0-or-later
# make models: what happens on several CPUs at once, in every order.
SPIN_MODELS := events nmi grants types roots

.PHONY: models
models: | $(SETUP_TEST) ## every interleaving of five protocols between CPUs, and seeded mistakes (Spin)
	$(Q)tests/spin/run $(B)/tests/spin $(SPIN_MODELS:%=tests/spin/%.pml)
