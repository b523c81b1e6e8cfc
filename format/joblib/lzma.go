package joblib

import (
	"errors"
	"io"
)

// lzma decodes LZMA from memory into a window that slides over its output. It is written for speed: the range coder is
// expanded where it is used, and bits that can not be guessed are decoded without a branch.
type lzma struct {
	in     []byte
	ip     int
	rng    uint32
	code   uint32
	lc     uint
	lpMask int
	pbMask int
	state  int
	rep    [4]uint // distances, less one
	dict   int     // size of the dictionary
	decoded
	low      int  // where in the window the dictionary begins
	count    int  // bytes before the window, for the position bits
	finished bool // the end marker was met

	match, rep0Long   [12 << 4]uint16
	isRep, g0, g1, g2 [12]uint16
	slot              [4 << 6]uint16
	spec              [128]uint16
	align             [16]uint16
	length, repLength lengths
	literal           []uint16
}

type lengths struct {
	choice [2]uint16
	low    [16 << 3]uint16
	mid    [16 << 3]uint16
	high   [256]uint16
}

const (
	longest = 273 // of a match
	slack   = 64  // more than one symbol takes from the input
)

var errLZMA = errors.New("data are corrupt")

// props takes a properties byte and starts anew; the dictionary stays.
func (d *lzma) props(b byte) error {
	if b >= 9*5*5 {
		return errors.New("properties are not known")
	}
	lc, lp, pb := int(b)%9, int(b)/9%5, int(b)/45
	d.lc, d.lpMask, d.pbMask = uint(lc), 1<<lp-1, 1<<pb-1
	if n := 0x300 << (lc + lp); len(d.literal) != n {
		d.literal = make([]uint16, n)
	}
	d.reset()
	return nil
}

// reset forgets all probabilities and distances.
func (d *lzma) reset() {
	d.state, d.rep = 0, [4]uint{}
	for _, probs := range [][]uint16{d.match[:], d.rep0Long[:], d.isRep[:], d.g0[:], d.g1[:], d.g2[:], d.slot[:], d.spec[:], d.align[:], d.literal,
		d.length.choice[:], d.length.low[:], d.length.mid[:], d.length.high[:],
		d.repLength.choice[:], d.repLength.low[:], d.repLength.mid[:], d.repLength.high[:]} {
		for i := range probs {
			probs[i] = 1024
		}
	}
}

// begin reads the range coder's first five bytes, which must end before end.
func (d *lzma) begin(end int) error {
	if end-d.ip < 5 {
		return io.ErrUnexpectedEOF
	}
	b := d.in[d.ip:]
	if b[0] != 0 {
		return errLZMA
	}
	d.rng, d.code = 1<<32-1, uint32(b[1])<<24|uint32(b[2])<<16|uint32(b[3])<<8|uint32(b[4])
	d.ip += 5
	return nil
}

// finish ends a run of the range coder: it takes the byte that the last bit may have left, and nothing must remain.
func (d *lzma) finish(end int) error {
	if d.rng < 1<<24 {
		if d.ip >= end {
			return io.ErrUnexpectedEOF
		}
		d.rng, d.code = d.rng<<8, d.code<<8|uint32(d.in[d.ip])
		d.ip++
	}
	if d.code != 0 {
		return errLZMA
	}
	return nil
}

// room makes place for n bytes and a match behind the window's end, dropping what lies before the dictionary. The
// window grows as it is written, to twice the dictionary and a megabyte.
func (d *lzma) room(n int) {
	if len(d.buf)-d.w >= n+longest {
		return
	}
	if keep := min(d.dict, d.w-d.low); d.w-keep >= max(1<<20, d.dict) {
		copy(d.buf, d.buf[d.w-keep:d.w])
		d.count += d.w - keep
		d.low, d.w = 0, keep
		if len(d.buf)-d.w >= n+longest {
			return
		}
	}
	grown := make([]byte, max(2*len(d.buf), d.w+n+longest))
	copy(grown, d.buf[:d.w])
	d.buf = grown
}

// decode writes to the window until it reaches limit, or a match goes beyond it, or the end marker is met. There must
// be room. The input ends before end.
func (d *lzma) decode(limit, end int) error {
	if d.ip <= end-slack {
		if err := d.symbols(d.in, end-slack, limit); err != nil {
			return err
		}
	}
	if d.w >= limit || d.finished {
		return nil
	}
	// near its end, the input is read from a copy with room behind it
	at := d.ip
	in := make([]byte, end-at+2*slack)
	copy(in, d.in[at:end])
	d.ip = 0
	err := d.symbols(in, end-at, limit)
	if d.ip > end-at {
		return io.ErrUnexpectedEOF
	}
	d.ip += at
	return err
}

// symbols decodes while the window is short of limit and the input not past last.
func (d *lzma) symbols(in []byte, last, limit int) error {
	rng, code, ip, w, state := d.rng, d.code, d.ip, d.w, d.state
	rep0, rep1, rep2, rep3 := d.rep[0], d.rep[1], d.rep[2], d.rep[3]
	buf, start := d.buf, d.low
	var p *uint16
	var bound, mask uint32
	var err error
	for w < limit && ip <= last {
		pos := (d.count + w) & d.pbMask
		if rng < 1<<24 {
			rng, code = rng<<8, code<<8|uint32(in[ip])
			ip++
		}
		p = &d.match[state<<4|pos]
		bound = (rng >> 11) * uint32(*p)
		if code < bound {
			rng = bound
			*p += (2048 - *p) >> 5
			before := uint(0)
			if w > start {
				before = uint(buf[w-1])
			}
			at := int(uint((d.count+w)&d.lpMask)<<d.lc+before>>(8-d.lc)) * 0x300
			probs := (*[0x300]uint16)(d.literal[at:])
			m := uint32(1)
			if state >= 7 {
				like := uint32(buf[w-1-int(rep0)])
				offset := uint32(0x100)
				for m < 0x100 {
					like <<= 1
					guess := like & offset
					if rng < 1<<24 {
						rng, code = rng<<8, code<<8|uint32(in[ip])
						ip++
					}
					p = &probs[offset+guess+m]
					bound = (rng >> 11) * uint32(*p)
					mask = uint32((uint64(code) - uint64(bound)) >> 32) // all ones for a zero bit
					rng, code = bound&mask|(rng-bound)&^mask, code-bound&^mask
					*p -= uint16((int32(*p) + int32(mask)&-2017) >> 5)
					m = m<<1 + 1 + mask
					offset &= guess ^ mask
				}
			} else {
				for m < 0x100 {
					if rng < 1<<24 {
						rng, code = rng<<8, code<<8|uint32(in[ip])
						ip++
					}
					p = &probs[m]
					bound = (rng >> 11) * uint32(*p)
					mask = uint32((uint64(code) - uint64(bound)) >> 32) // all ones for a zero bit
					rng, code = bound&mask|(rng-bound)&^mask, code-bound&^mask
					*p -= uint16((int32(*p) + int32(mask)&-2017) >> 5)
					m = m<<1 + 1 + mask
				}
			}
			buf[w] = byte(m)
			w++
			switch {
			case state < 4:
				state = 0
			case state < 10:
				state -= 3
			default:
				state -= 6
			}
			continue
		} else {
			rng, code = rng-bound, code-bound
			*p -= *p >> 5

		}
		match := false
		coder := &d.repLength
		if rng < 1<<24 {
			rng, code = rng<<8, code<<8|uint32(in[ip])
			ip++
		}
		p = &d.isRep[state]
		bound = (rng >> 11) * uint32(*p)
		if code < bound {
			rng = bound
			*p += (2048 - *p) >> 5
			match, coder = true, &d.length
			rep3, rep2, rep1 = rep2, rep1, rep0
		} else {
			rng, code = rng-bound, code-bound
			*p -= *p >> 5
			if w == start {
				err = errLZMA
				break
			}
			if rng < 1<<24 {
				rng, code = rng<<8, code<<8|uint32(in[ip])
				ip++
			}
			p = &d.g0[state]
			bound = (rng >> 11) * uint32(*p)
			if code < bound {
				rng = bound
				*p += (2048 - *p) >> 5
				if rng < 1<<24 {
					rng, code = rng<<8, code<<8|uint32(in[ip])
					ip++
				}
				p = &d.rep0Long[state<<4|pos]
				bound = (rng >> 11) * uint32(*p)
				if code < bound {
					rng = bound
					*p += (2048 - *p) >> 5
					if state < 7 {
						state = 9
					} else {
						state = 11
					}
					if rep0 >= uint(w-start) {
						err = errLZMA
						break
					}
					buf[w] = buf[w-1-int(rep0)]
					w++
					continue
				} else {
					rng, code = rng-bound, code-bound
					*p -= *p >> 5

				}
			} else {
				rng, code = rng-bound, code-bound
				*p -= *p >> 5
				if rng < 1<<24 {
					rng, code = rng<<8, code<<8|uint32(in[ip])
					ip++
				}
				p = &d.g1[state]
				bound = (rng >> 11) * uint32(*p)
				if code < bound {
					rng = bound
					*p += (2048 - *p) >> 5
					rep0, rep1 = rep1, rep0
				} else {
					rng, code = rng-bound, code-bound
					*p -= *p >> 5
					if rng < 1<<24 {
						rng, code = rng<<8, code<<8|uint32(in[ip])
						ip++
					}
					p = &d.g2[state]
					bound = (rng >> 11) * uint32(*p)
					if code < bound {
						rng = bound
						*p += (2048 - *p) >> 5
						rep0, rep1, rep2 = rep2, rep0, rep1
					} else {
						rng, code = rng-bound, code-bound
						*p -= *p >> 5
						rep0, rep1, rep2, rep3 = rep3, rep0, rep1, rep2
					}
				}
			}
		}
		tree, length, top := coder.low[pos<<3:pos<<3+8], 2, uint32(8)
		if rng < 1<<24 {
			rng, code = rng<<8, code<<8|uint32(in[ip])
			ip++
		}
		p = &coder.choice[0]
		bound = (rng >> 11) * uint32(*p)
		if code < bound {
			rng = bound
			*p += (2048 - *p) >> 5

		} else {
			rng, code = rng-bound, code-bound
			*p -= *p >> 5
			if rng < 1<<24 {
				rng, code = rng<<8, code<<8|uint32(in[ip])
				ip++
			}
			p = &coder.choice[1]
			bound = (rng >> 11) * uint32(*p)
			if code < bound {
				rng = bound
				*p += (2048 - *p) >> 5
				tree, length = coder.mid[pos<<3:pos<<3+8], 10
			} else {
				rng, code = rng-bound, code-bound
				*p -= *p >> 5
				tree, length, top = coder.high[:], 18, 256
			}
		}
		m := uint32(1)
		for m < top {
			if rng < 1<<24 {
				rng, code = rng<<8, code<<8|uint32(in[ip])
				ip++
			}
			p = &tree[m]
			bound = (rng >> 11) * uint32(*p)
			mask = uint32((uint64(code) - uint64(bound)) >> 32) // all ones for a zero bit
			rng, code = bound&mask|(rng-bound)&^mask, code-bound&^mask
			*p -= uint16((int32(*p) + int32(mask)&-2017) >> 5)
			m = m<<1 + 1 + mask
		}
		length += int(m - top)
		if !match {
			if state < 7 {
				state = 8
			} else {
				state = 11
			}
		} else {
			if state < 7 {
				state = 7
			} else {
				state = 10
			}
			tree = d.slot[min(length-2, 3)<<6:]
			m = 1
			for m < 64 {
				if rng < 1<<24 {
					rng, code = rng<<8, code<<8|uint32(in[ip])
					ip++
				}
				p = &tree[m]
				bound = (rng >> 11) * uint32(*p)
				mask = uint32((uint64(code) - uint64(bound)) >> 32) // all ones for a zero bit
				rng, code = bound&mask|(rng-bound)&^mask, code-bound&^mask
				*p -= uint16((int32(*p) + int32(mask)&-2017) >> 5)
				m = m<<1 + 1 + mask
			}
			slot := int(m - 64)
			rep0 = uint(slot)
			if slot >= 4 {
				n := uint(slot>>1 - 1)
				rep0 = uint(2|slot&1) << n
				if slot < 14 {
					tree = d.spec[int(rep0)-slot:]
					m = 1
					for i := uint(0); i < n; i++ {
						if rng < 1<<24 {
							rng, code = rng<<8, code<<8|uint32(in[ip])
							ip++
						}
						p = &tree[m]
						bound = (rng >> 11) * uint32(*p)
						mask = uint32((uint64(code) - uint64(bound)) >> 32) // all ones for a zero bit
						rng, code = bound&mask|(rng-bound)&^mask, code-bound&^mask
						*p -= uint16((int32(*p) + int32(mask)&-2017) >> 5)
						m = m<<1 + 1 + mask
						rep0 += uint(1+mask) << i
					}
				} else {
					direct := uint32(0)
					for n -= 4; n > 0; n-- {
						if rng < 1<<24 {
							rng, code = rng<<8, code<<8|uint32(in[ip])
							ip++
						}
						rng >>= 1
						mask = uint32((uint64(code) - uint64(rng)) >> 32)
						code -= rng &^ mask
						direct = direct<<1 + 1 + mask
					}
					rep0 += uint(direct) << 4
					m = 1
					for i := uint(0); i < 4; i++ {
						if rng < 1<<24 {
							rng, code = rng<<8, code<<8|uint32(in[ip])
							ip++
						}
						p = &d.align[m]
						bound = (rng >> 11) * uint32(*p)
						mask = uint32((uint64(code) - uint64(bound)) >> 32) // all ones for a zero bit
						rng, code = bound&mask|(rng-bound)&^mask, code-bound&^mask
						*p -= uint16((int32(*p) + int32(mask)&-2017) >> 5)
						m = m<<1 + 1 + mask
						rep0 += uint(1+mask) << i
					}
					if rep0 == 1<<32-1 {
						d.finished = true
						break
					}
				}
			}
		}
		if rep0 >= uint(w-start) || rep0 >= uint(d.dict) {
			err = errLZMA
			break
		}
		if from := w - 1 - int(rep0); int(rep0) >= length-1 {
			copy(buf[w:w+length], buf[from:from+length])
		} else {
			for i := 0; i < length; i++ {
				buf[w+i] = buf[from+i]
			}
		}
		w += length
	}
	d.rng, d.code, d.ip, d.w, d.state = rng, code, ip, w, state
	d.rep = [4]uint{rep0, rep1, rep2, rep3}
	return err
}
