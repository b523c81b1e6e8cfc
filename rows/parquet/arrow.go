package parquet

import (
	"encoding/base64"
	"encoding/binary"
)

// arrowDuration is the member Duration of Arrow's union Type (Schema.fbs).
const arrowDuration = 18

// durations lists the top columns that are durations by the schema that Arrow's writers leave in a file: a flat buffer in base64,
// behind a marker and a length. What is not such a schema tells nothing.
func durations(text string) map[string]bool {
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil
	}
	if len(b) >= 8 && binary.LittleEndian.Uint32(b) == 0xffffffff {
		b = b[8:]
	}
	f := flat(b)
	message, ok := f.jump(0)
	if !ok {
		return nil
	}
	schema, ok := f.follow(message, 2)
	if !ok {
		return nil
	}
	fields, ok := f.follow(schema, 1)
	if !ok {
		return nil
	}
	n, _ := f.u32(fields)
	out := map[string]bool{}
	for i := 0; i < n; i++ {
		at, ok := f.jump(fields + 4 + 4*i)
		if !ok {
			return out
		}
		kind, ok := f.member(at, 2)
		if !ok || kind >= len(f) || f[kind] != arrowDuration {
			continue
		}
		if name, ok := f.follow(at, 0); ok {
			if k, ok := f.u32(name); ok && k <= len(f)-name-4 {
				out[string(f[name+4:name+4+k])] = true
			}
		}
	}
	return out
}

// flat is a flat buffer of which nothing is trusted.
type flat []byte

func (f flat) u32(at int) (int, bool) {
	if at < 0 || at > len(f)-4 {
		return 0, false
	}
	return int(binary.LittleEndian.Uint32(f[at:])), true
}

// jump adds the offset that stands at a place to it.
func (f flat) jump(at int) (int, bool) {
	d, ok := f.u32(at)
	if !ok || d > len(f)-at {
		return 0, false
	}
	return at + d, true
}

// member is where member i of a table stands.
func (f flat) member(table, i int) (int, bool) {
	back, ok := f.u32(table)
	if !ok {
		return 0, false
	}
	vtable := table - int(int32(uint32(back))) //nolint:gosec // signed, as its bits
	if vtable < 0 || vtable > len(f)-4 {
		return 0, false
	}
	size, entry := int(binary.LittleEndian.Uint16(f[vtable:])), 4+2*i
	if entry+2 > size || vtable+entry+2 > len(f) {
		return 0, false
	}
	d := int(binary.LittleEndian.Uint16(f[vtable+entry:]))
	return table + d, d != 0
}

// follow goes where member i of a table points.
func (f flat) follow(table, i int) (int, bool) {
	at, ok := f.member(table, i)
	if !ok {
		return 0, false
	}
	return f.jump(at)
}
