package joblib

import (
	"hash/adler32"
	"math/rand/v2"
	"testing"
)

// TestAdler compares with the standard library's: random bytes in pieces of any length, and the largest bytes there are over
// several runs.
func TestAdler(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		a, want := newAdler(), adler32.New()
		for range 1 + r.IntN(5) {
			p := make([]byte, r.IntN(3000))
			for i := range p {
				p[i] = byte(r.Uint32())
			}
			a.Write(p)
			want.Write(p)
		}
		if a.Sum32() != want.Sum32() {
			t.Fatalf("%08x, want %08x", a.Sum32(), want.Sum32())
		}
	}
	p := make([]byte, 3*adlerRun+5)
	for i := range p {
		p[i] = 0xff
	}
	a := newAdler()
	a.Write(p)
	if a.Sum32() != adler32.Checksum(p) {
		t.Errorf("%08x, want %08x", a.Sum32(), adler32.Checksum(p))
	}
}
