package numpy

import "testing"

// TestHalfBits: every half-precision number there is, widened and narrowed again.
func TestHalfBits(t *testing.T) {
	for i := range 1 << 16 {
		h := uint16(i)
		got := HalfBits(HalfFloat(h))
		nan := h&0x7c00 == 0x7c00 && h&0x3ff != 0
		if got != h && !(nan && got&0x7c00 == 0x7c00 && got&0x3ff != 0) {
			t.Fatalf("%04x became %04x", h, got)
		}
	}
}
