# SPDX-License-Identifier: GPL-2.0-or-later
# make proof: the security core under Frama-C (its packages are 1,060 MiB, installed).
PROOF := $(B)/tests/proof
SETUP_PROOF := $(B)/.setup/proof

.PHONY: proof proof-eva proof-local proof-kernel proof-mutants
proof: proof-local proof-kernel proof-eva ## Frama-C: contracts of mm/, the kernel's invariant, no alarm on arbitrary calls

proof-local: | $(SETUP_PROOF) ## WP: the contracts beside the code of mm/ (a part of `make test`)
	$(Q)tests/proof/run-wp $(PROOF) local

proof-kernel: | $(SETUP_PROOF) ## WP: counts equal references, and no active table is mapped writable
	$(Q)tests/proof/run-wp $(PROOF) kernel

proof-eva: | $(SETUP_PROOF) ## EVA: arbitrary calls on the real sources of mm/
	$(Q)tests/proof/run-eva $(PROOF)

proof-mutants: | $(SETUP_PROOF) ## mistakes put into what is proved: a goal must fail
	$(Q)tests/proof/run-mutants $(PROOF)
