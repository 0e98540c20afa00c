# SPDX-License-Identifier: GPL-2.0-or-later
# From preprocessed headers (with line markers): the size of each type that abi/ declares, offset
# and size of each field (those of unnamed structs under the name that they have), enum constants.
#
# The input is read as tokens. A stack holds one frame for each open brace; a frame's fields are
# kept in its string `list` until the closing brace and the declarators tell their full name.

function emit(line) {
	if (!printed[line]++)
		print line
}

# one declarator: tokens first..last without the type, e.g.  * name [ 4 ]
function declarator_name(first, last,   i) {
	for (i = first; i <= last; i++)
		if (tok[i] ~ /^[A-Za-z_]/)
			return tok[i]
	return ""
}

function is_flexible(first, last,   i) {
	for (i = first; i < last; i++)
		if (tok[i] == "[" && tok[i + 1] == "]")
			return 1
	return 0
}

# names of a declaration that ends before token `end`, into names[1..n], flexible ones into flex[]
function split_names(start, end,   i, from, n, depth) {
	n = 0
	from = start
	depth = 0
	for (i = start; i <= end; i++) {
		if (tok[i] == "[" || tok[i] == "(")
			depth++
		if (tok[i] == "]" || tok[i] == ")")
			depth--
		if (i == end || (tok[i] == "," && !depth)) {
			if (i > from) {
				names[++n] = declarator_name(from, i - 1)
				flex[n] = is_flexible(from, i - 1)
			}
			from = i + 1
		}
	}
	return n
}

# where the first declarator of a plain declaration begins: behind the words of its type
function skip_type(start, end,   i) {
	for (i = start; i < end; i++) {
		if (tok[i] ~ /^(struct|union|enum)$/) {
			i++
			continue
		}
		if (tok[i] ~ /^(const|volatile|unsigned|signed|long|short|int|char)$/)
			continue
		if (i > start && tok[i - 1] ~ /^(unsigned|signed|long|short|int|char)$/)
			return i
		if (i > start + 1 && tok[i - 2] ~ /^(struct|union|enum)$/)
			return i
		return i + 1
	}
	return i
}

function print_type(type, fields,   n, i, part, list) {
	emit("SIZE(" type ")")
	n = split(fields, list, " ")
	for (i = 1; i <= n; i++) {
		split(list[i], part, "=")
		emit(part[2] "(" type ", " part[1] ")")
	}
}

function close_brace(i,   end, n, j, k, m, list, part, fields, type) {
	fields = list_of[depth]
	type = tag[depth] != "" ? key[depth] " " tag[depth] : ""
	for (end = i + 1; tok[end] != ";"; end++)
		;
	n = split_names(i + 1, end)
	if (key[depth] == "enum") {
		depth--
		return end
	}
	if (type != "")
		print_type(type, fields)
	else if (depth == 1 && is_typedef[1])
		print_type(names[1], fields)
	if (depth == 1 && is_typedef[1])
		for (j = 1; j <= n; j++)
			emit("SIZE(" names[j] ")")
	depth--
	if (!depth)
		return end
	if (!n)
		list_of[depth] = list_of[depth] " " fields
	for (j = 1; j <= n; j++) {
		list_of[depth] = list_of[depth] " " names[j] "=FIELD"
		m = split(fields, list, " ")
		for (k = 1; k <= m; k++)
			list_of[depth] = list_of[depth] " " names[j] "." list[k]
	}
	return end
}

/^# [0-9]+ "/ { ours = $3 ~ /"abi\/xen\//; next }
/^#/ { next }
ours {
	line = $0
	gsub(/[][{}();:,=*]/, " & ", line)
	m = split(line, w, " ")
	for (j = 1; j <= m; j++)
		tok[++ntok] = w[j]
}

END {
	for (i = 1; i <= ntok; i++) {
		if (tok[i] == "typedef" && !depth) {
			is_typedef[1] = 1
			continue
		}
		if (tok[i] ~ /^(struct|union|enum)$/ &&
		    (tok[i + 1] == "{" || tok[i + 2] == "{")) {
			depth++
			key[depth] = tok[i]
			tag[depth] = tok[i + 1] == "{" ? "" : tok[i + 1]
			list_of[depth] = ""
			i += tok[i + 1] == "{" ? 1 : 2
			if (key[depth] == "enum")
				for (i++; tok[i] != "}"; i++)
					if (tok[i] ~ /^[A-Za-z_]/ && tok[i - 1] != "=")
						emit("NUMBER(" tok[i] ")")
		}
		if (tok[i] == "}") {
			i = close_brace(i)
			if (!depth)
				is_typedef[1] = 0
			continue
		}
		if (tok[i] == "{" || tok[i] == ";")
			continue
		for (end = i; tok[end] != ";"; end++)
			;
		n = split_names(skip_type(i, end), end)
		for (j = 1; j <= n; j++) {
			if (depth)
				list_of[depth] = list_of[depth] " " names[j] "=" \
					(flex[j] ? "FLEXIBLE" : "FIELD")
			else if (is_typedef[1])
				emit("SIZE(" names[j] ")")
		}
		is_typedef[1] = depth ? is_typedef[1] : 0
		i = end
	}
}
