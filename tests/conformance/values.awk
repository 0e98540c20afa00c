# SPDX-License-Identifier: GPL-2.0-or-later
# From preprocessed lines of "@@NAME" and its expansion: one fact about each object-like macro. What cannot be
# evaluated as a number or a text is compared word by word, so that none is left out.
sub(/^"@@/, "") {
	name = text = $0
	sub(/".*/, "", name)
	sub(/^[^"]*" */, "", text)
	words = text
	gsub(/sizeof|unsigned|signed|long|int|char|u?int[0-9]+_t|xen_ulong_t/, "", words)
	gsub(/0[xX][0-9a-fA-F]+[uUlL]*|[0-9]+[uUlL]*/, "", words)
	kind = "WORDS"
	if (text ~ /^[a-z][a-z_0-9]*$/)
		kind = "WORDS"
	else if (text ~ /^"/)
		kind = "TEXT"
	else if (text ~ /[0-9]/ && words !~ /[A-Za-z_{"*]/ || text ~ /^(XS|XEN)_[A-Z_]+$/)
		kind = "NUMBER"
	printf "#ifdef %s\n%s(%s)\n#else\nMISSING(%s)\n#endif\n", name, kind, name, name
}
