# SPDX-License-Identifier: GPL-2.0-or-later
# make proof: the security core under Frama-C (a group of packages of its own: 1,000 MiB installed).
PROOF := $(B)/tests/proof
SETUP_PROOF := $(B)/.setup/proof

.PHONY: proof proof-eva proof-local proof-kernel proof-mutants proof-quick
proof: proof-local proof-kernel proof-eva ## Frama-C: contracts of mm/, the kernel's invariant, no alarm on arbitrary calls

proof-local: | $(SETUP_PROOF) ## WP: the contracts beside the code of mm/
	$(Q)tests/proof/run-wp $(PROOF) local

proof-kernel: | $(SETUP_PROOF) ## WP: counts equal references, and no active table is mapped writable
	$(Q)tests/proof/run-wp $(PROOF) kernel

proof-eva: | $(SETUP_PROOF) ## EVA: arbitrary calls on the real sources of mm/
	$(Q)tests/proof/run-eva $(PROOF)

proof-mutants: | $(SETUP_PROOF) ## mistakes put into what is proved: a goal must fail
	$(Q)tests/proof/run-mutants $(PROOF)

proof-quick: # a part of it, in `make test`, where Frama-C is installed
	$(Q)if command -v frama-c >/dev/null; then \
		tests/proof/run-wp $(PROOF) local type_get type_put type_set_pinned check_unusual \
			same_reference page_ref_below mm_descriptor_fix descriptor_page_check; \
	else echo '  PROOF    not installed, so skipped here: `make proof` installs it'; fi
