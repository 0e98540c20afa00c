# SPDX-License-Identifier: GPL-2.0-or-later
# From header files: the name of each macro that they define, after "object" or "function".
# Include guards (defined as nothing, named as the preceding #ifndef) are left out.
/^#[ \t]*ifndef[ \t]/ { guard = $2 }
/^#[ \t]*define[ \t]/ {
	name = $0
	sub(/^#[ \t]*define[ \t]+/, "", name)
	kind = name ~ /^[A-Za-z_0-9]+\(/ ? "function" : "object"
	value = name
	sub(/^[A-Za-z_0-9]+/, "", value)
	sub(/[^A-Za-z_0-9].*/, "", name)
	if (value ~ /^[ \t]*$/ && name == guard)
		next
	if (!seen[name]++)
		print kind, name
}
