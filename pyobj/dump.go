package pyobj

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"
)

// dumpItems is how many items of one container Dump writes.
const dumpItems = 100

// Dump writes a value as an indented tree. Arrays are told by dtype and shape, long containers cut off; a node met again
// is written as a reference to the line it stands on.
func Dump(w io.Writer, v Value) error {
	d := &dumper{w: bufio.NewWriter(w), seen: map[Value]int{}, line: 1}
	d.value("", v, 0)
	return d.w.Flush()
}

type dumper struct {
	w    *bufio.Writer
	seen map[Value]int
	line int
}

func (d *dumper) put(depth int, label, text string) {
	for range depth {
		_, _ = d.w.WriteString("  ")
	}
	if label != "" {
		_, _ = d.w.WriteString(plain(label) + ": ")
	}
	_, _ = d.w.WriteString(plain(text) + "\n")
	d.line++
}

func (d *dumper) value(label string, v Value, depth int) {
	switch v.(type) {
	case *List, *Tuple, *Dict, *Set, *Object, *Array:
		if at := d.seen[v]; at > 0 {
			d.put(depth, label, fmt.Sprintf("as in line %d", at))
			return
		}
		d.seen[v] = d.line
	}
	switch x := v.(type) {
	case nil:
		d.put(depth, label, "nothing")
	case None:
		d.put(depth, label, "None")
	case Bool:
		d.put(depth, label, map[Bool]string{true: "True", false: "False"}[x])
	case Int:
		d.put(depth, label, strconv.FormatInt(int64(x), 10))
	case *BigInt:
		d.put(depth, label, x.V.String())
	case Float:
		d.put(depth, label, strconv.FormatFloat(float64(x), 'g', -1, 64))
	case Str:
		d.put(depth, label, quote(string(x)))
	case Py2Str:
		d.put(depth, label, "b"+quote(string(x)))
	case Bytes:
		d.put(depth, label, fmt.Sprintf("%d bytes", len(x)))
	case *ByteArray:
		d.put(depth, label, fmt.Sprintf("%d bytes", len(x.B)))
	case *Global:
		d.put(depth, label, x.String())
	case *DType:
		d.put(depth, label, "dtype "+x.Code())
	case *Scalar:
		if x.Obj != nil {
			d.value(label, x.Obj, depth)
		} else {
			d.put(depth, label, fmt.Sprintf("scalar %s % x", x.DType.Code(), x.Data))
		}
	case *Persistent:
		d.put(depth, label, "persistent reference")
		d.value("", x.ID, depth+1)
	case *List:
		d.put(depth, label, fmt.Sprintf("list of %d", len(x.Items)))
		d.items(x.Items, depth)
	case *Tuple:
		d.put(depth, label, fmt.Sprintf("tuple of %d", len(x.Items)))
		d.items(x.Items, depth)
	case *Set:
		d.put(depth, label, fmt.Sprintf("set of %d", len(x.Items)))
		d.items(x.Items, depth)
	case *Dict:
		d.put(depth, label, fmt.Sprintf("dict of %d", len(x.Entries)))
		d.entries(x.Entries, depth)
	case *Array:
		d.put(depth, label, fmt.Sprintf("array %s %v", x.DType.Code(), x.Shape))
		d.items(x.Objects, depth)
	case *Object:
		name := x.ClassName()
		if name == "" {
			name = "object"
		}
		d.put(depth, label, name)
		if len(x.Args) > 0 && !(x.Make == New && x.State != nil) {
			for i, a := range x.Args {
				d.value("argument "+strconv.Itoa(i), a, depth+1)
			}
		}
		if a, ok := x.Attrs(); ok && a != nil {
			d.entries(a.Entries, depth)
		} else if x.State != nil && !ok {
			d.value("state", x.State, depth+1)
		}
		d.items(x.Items, depth)
		d.entries(x.Pairs, depth)
	}
}

func (d *dumper) items(items []Value, depth int) {
	for i, it := range items {
		if i == dumpItems {
			d.put(depth+1, "", fmt.Sprintf("... and %d more", len(items)-i))
			return
		}
		d.value(strconv.Itoa(i), it, depth+1)
	}
}

func (d *dumper) entries(entries []Entry, depth int) {
	for i, e := range entries {
		if i == dumpItems {
			d.put(depth+1, "", fmt.Sprintf("... and %d more", len(entries)-i))
			return
		}
		label, ok := Text(e.Key)
		if !ok {
			switch k := e.Key.(type) {
			case Int:
				label = strconv.FormatInt(int64(k), 10)
			default:
				d.value("key", e.Key, depth+1)
				label = "value"
			}
		}
		d.value(label, e.Value, depth+1)
	}
}

// plain is a text as it is, or quoted where it could be taken for something else.
func plain(s string) string {
	for _, r := range s {
		if !strconv.IsPrint(r) || r == utf8.RuneError {
			return quote(s)
		}
	}
	return s
}

func quote(s string) string {
	const most = 200
	if len(s) > most {
		return strconv.Quote(s[:most]) + fmt.Sprintf(" and %d bytes more", len(s)-most)
	}
	return strconv.Quote(s)
}
