package tensor

import (
	"math"
	"strconv"
	"strings"
)

// CellKind is the Python type of a Cell.
type CellKind uint8

// The kinds. NaN of any origin is a CellFloat; CellNone is None (and pandas' NA read from a file).
const (
	CellNone CellKind = iota
	CellBool
	CellInt
	CellFloat
	CellStr
	CellBytes
)

// Cell is one value of an object column.
type Cell struct {
	Kind CellKind
	Big  bool  // I holds the bits of a uint64 of 2^63 or more
	I    int64 // CellInt; CellBool as 0 or 1
	F    float64
	S    string // CellStr, CellBytes
}

// FloatCell makes a float.
func FloatCell(f float64) Cell { return Cell{Kind: CellFloat, F: f} }

// IntCell makes an int.
func IntCell(i int64) Cell { return Cell{Kind: CellInt, I: i} }

// StrCell makes a str.
func StrCell(s string) Cell { return Cell{Kind: CellStr, S: s} }

// BoolCell makes a bool.
func BoolCell(b bool) Cell {
	if b {
		return Cell{Kind: CellBool, I: 1}
	}
	return Cell{Kind: CellBool}
}

// Float returns the number a cell holds: bool, int or float; None and text give false.
func (c Cell) Float() (float64, bool) {
	switch c.Kind {
	case CellBool, CellInt:
		if c.Big {
			return float64(uint64(c.I)), true
		}
		return float64(c.I), true
	case CellFloat:
		return c.F, true
	}
	return 0, false
}

// IsNaN reports a float NaN.
func (c Cell) IsNaN() bool { return c.Kind == CellFloat && math.IsNaN(c.F) }

// Key returns a value equal for two cells exactly when Python's == (and dict lookup) holds for them, with all NaNs
// equal to each other: 1, 1.0 and True share a key, "1" and b"1" do not.
func (c Cell) Key() Cell {
	switch c.Kind {
	case CellBool:
		return Cell{Kind: CellInt, I: c.I}
	case CellFloat:
		if math.IsNaN(c.F) {
			return Cell{Kind: CellFloat, S: "nan"}
		}
		if c.F == math.Trunc(c.F) && c.F >= -1<<63 && c.F < 1<<63 {
			return Cell{Kind: CellInt, I: int64(c.F)}
		}
		if c.F == math.Trunc(c.F) && c.F >= 1<<63 && c.F < 1<<64 {
			return Cell{Kind: CellInt, Big: true, I: int64(uint64(c.F))}
		}
	}
	return c
}

// String gives Python's str() of the cell.
func (c Cell) String() string {
	switch c.Kind {
	case CellNone:
		return "None"
	case CellBool:
		if c.I != 0 {
			return "True"
		}
		return "False"
	case CellInt:
		if c.Big {
			return strconv.FormatUint(uint64(c.I), 10)
		}
		return strconv.FormatInt(c.I, 10)
	case CellFloat:
		return FormatFloat(c.F)
	case CellBytes:
		return c.Repr()
	}
	return c.S
}

// FormatFloat gives Python's repr of a float: the shortest digits that round-trip, with ".0" for whole numbers
// and an exponent from 1e16 on and below 1e-4.
func FormatFloat(f float64) string {
	switch {
	case math.IsNaN(f):
		return "nan"
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	}
	abs := math.Abs(f)
	if abs != 0 && (abs < 1e-4 || abs >= 1e16) {
		return strconv.FormatFloat(f, 'e', -1, 64)
	}
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

// Go returns the cell as a value for JSON: nil, bool, int64, uint64 of 2^63 or more, float64 or string. NaN is nil, infinities are the strings
// "Infinity" and "-Infinity".
func (c Cell) Go() any {
	switch c.Kind {
	case CellNone:
		return nil
	case CellBool:
		return c.I != 0
	case CellInt:
		if c.Big {
			return uint64(c.I)
		}
		return c.I
	case CellFloat:
		switch {
		case math.IsNaN(c.F):
			return nil
		case math.IsInf(c.F, 1):
			return "Infinity"
		case math.IsInf(c.F, -1):
			return "-Infinity"
		}
		return c.F
	}
	return c.S
}
