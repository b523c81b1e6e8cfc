package joblib

import (
	"encoding/binary"
	"io"
)

// checksum is a running sum of 32 bits.
type checksum interface {
	io.Writer
	Sum32() uint32
}

// adler is zlib's checksum (RFC 1950): s1 is one more than the sum of the bytes, s2 the sum of s1 after each byte, both modulo
// 65521.
type adler struct{ s1, s2 uint64 }

const (
	adlerMod = 65521
	adlerRun = 1 << 20 // bytes after which s1 and s2 are far from 2⁶⁴
)

func newAdler() *adler { return &adler{s1: 1} }

// Write adds bytes, eight words of eight at a time. The even and the odd bytes of words are four numbers of 16 bits each, which
// their sums do not overflow; the top 16 bits of a product are the sum of theirs with four weights. Before the last of eight
// words its bytes count once more for each word behind them, eight times in s2; inside a word byte k counts 8-k times.
func (a *adler) Write(p []byte) (int, error) {
	const (
		mask        = 0x00ff00ff00ff00ff
		ones        = 0x0001000100010001
		evenWeights = 8<<48 | 6<<32 | 4<<16 | 2
		oddWeights  = 7<<48 | 5<<32 | 3<<16 | 1
	)
	n, s1, s2 := len(p), a.s1, a.s2
	for len(p) > 0 {
		run := p[:min(len(p), adlerRun)]
		p = p[len(run):]
		for ; len(run) >= 64; run = run[64:] {
			b := (*[64]byte)(run)
			var even, odd, before uint64
			for i := 0; i < 64; i += 8 {
				w := binary.LittleEndian.Uint64(b[i:])
				before += even + odd
				even += w & mask
				odd += w >> 8 & mask
			}
			s2 += 64*s1 + 8*(before*ones>>48) + even*evenWeights>>48 + odd*oddWeights>>48
			s1 += (even + odd) * ones >> 48
		}
		for _, b := range run {
			s1 += uint64(b)
			s2 += s1
		}
		s1, s2 = s1%adlerMod, s2%adlerMod
	}
	a.s1, a.s2 = s1, s2
	return n, nil
}

// Sum32 returns the checksum.
func (a *adler) Sum32() uint32 { return uint32(a.s2<<16 | a.s1) }
