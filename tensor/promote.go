package tensor

// Promote returns numpy's result_type of two array dtypes (numpy 2, both sides arrays).
// Numbers with text give String, anything with Object gives Object.
func Promote(a, b DType) DType {
	if a == b {
		return a
	}
	if a == Object || b == Object {
		return Object
	}
	if a == String || b == String {
		return String
	}
	if a == Bool {
		return b
	}
	if b == Bool {
		return a
	}
	if a.IsFloat() || b.IsFloat() {
		return promoteFloat(a, b)
	}
	sa, sb := signed(a), signed(b)
	wa, wb := width(a), width(b)
	switch {
	case sa == sb:
		if wa >= wb {
			return a
		}
		return b
	case sa && wa > wb:
		return a
	case sb && wb > wa:
		return b
	}
	switch max(wa, wb) {
	case 1:
		return Int16
	case 2:
		return Int32
	case 4:
		return Int64
	}
	return Float64
}

func promoteFloat(a, b DType) DType {
	need := func(d DType) int {
		switch d {
		case Float16, Int8, Uint8:
			return 2
		case Float32, Int16, Uint16:
			return 4
		}
		return 8
	}
	switch max(need(a), need(b)) {
	case 2:
		return Float16
	case 4:
		return Float32
	}
	return Float64
}

func signed(d DType) bool { return d >= Int64 && d <= Int8 }

func width(d DType) int {
	switch d {
	case Int64, Uint64:
		return 8
	case Int32, Uint32:
		return 4
	case Int16, Uint16:
		return 2
	}
	return 1
}
