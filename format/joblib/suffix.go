package joblib

import "slices"

// sorter sorts the rotations of a block for bzip2. Its memory is kept from block to block.
type sorter struct {
	sa      []int32
	text    []byte
	freq    [256]int32
	buckets []int32
}

// At most this many bytes are sorted at once: a place takes 20 bits, the byte before it the next 8.
const (
	sortedPlace = 1<<20 - 1
	sortedByte  = 20
)

// transform replaces block by the last bytes of its sorted rotations and gives the row of the block itself.
//
// Turned so that it begins with its least rotation, a block that is not a power of a shorter one is a Lyndon word, and
// its suffixes sort as its rotations do. The suffixes are sorted by induction from those that begin a rise (Nong, Zhang and Chan, "Two
// efficient algorithms for linear time suffix array construction", 2011).
func (s *sorter) transform(block []byte) (row int) {
	n := len(block)
	least, period := leastRotation(block)
	times := n / period
	s.text = append(append(s.text[:0], block[least:]...), block[:least]...)[:period]
	// The block begins at place (n-least) of the turned one.
	row = s.rotations(s.text, (n-least)%period)
	if times == 1 {
		for i, e := range s.sa {
			block[i] = byte(e >> sortedByte)
		}
		return row
	}
	for i, e := range s.sa {
		for k := range times {
			block[i*times+k] = byte(e >> sortedByte)
		}
	}
	return row * times
}

// leastRotation gives where the least rotation of b begins, and the length of the shortest word b is a power of.
func leastRotation(b []byte) (at, period int) {
	n := len(b)
	i, j, k := 0, 1, 0
	for i < n && j < n && k < n {
		x, y := i+k, j+k
		if x >= n {
			x -= n
		}
		if y >= n {
			y -= n
		}
		switch p, q := b[x], b[y]; {
		case p == q:
			k++
			continue
		case p > q:
			i += k + 1
			if i == j {
				i++
			}
		default:
			j += k + 1
			if i == j {
				j++
			}
		}
		k = 0
	}
	period = n
	if k == n {
		period = max(i, j) - min(i, j)
	}
	return min(i, j), period
}

// rotations fills sa with the places of a Lyndon word's sorted rotations and, above them, the bytes before. It gives the row of a place.
func (s *sorter) rotations(text []byte, place int) (row int) {
	n := len(text)
	if cap(s.sa) < n {
		s.sa = make([]int32, n)
	}
	s.sa = s.sa[:n]
	sa := s.sa
	if n == 1 {
		sa[0] = int32(text[0]) << sortedByte
		return 0
	}
	clear(sa)
	freq := s.freq[:]
	clear(freq)
	for _, c := range text {
		freq[c]++
	}
	var bucket [256]int32
	s.buckets = sortRises(text, sa, freq, bucket[:], s.buckets)

	// What is still to be done carries its sign: in the first pass places whose predecessor is smaller.
	heads(freq, bucket[:])
	for i, e := range sa {
		if e != 0 {
			sa[i] = e | int32(text[e-1])<<sortedByte
		}
	}
	const sign = -1 << 31
	e := int32(n-1) | int32(text[n-2])<<sortedByte
	if text[n-2] < text[n-1] {
		e |= sign
	}
	at := &bucket[text[n-1]]
	sa[*at] = e
	*at++
	for i := range sa {
		e := sa[i]
		if e <= 0 {
			continue
		}
		k := e&sortedPlace - 1
		c := byte(e >> sortedByte)
		var next int32
		if k > 0 {
			before := text[k-1]
			next = k | int32(before)<<sortedByte
			if before < c {
				next |= sign
			}
		} else {
			next = sign // the word's beginning: nothing follows from it
		}
		b := bucket[c]
		sa[b] = next
		bucket[c] = b + 1
	}
	tails(freq, bucket[:])
	for i := n - 1; i >= 0; i-- {
		e := sa[i]
		if e >= 0 {
			continue
		}
		e &^= sign
		sa[i] = e
		if e&sortedPlace == 0 {
			continue
		}
		k := e&sortedPlace - 1
		c := byte(e >> sortedByte)
		var next int32
		if k > 0 {
			before := text[k-1]
			next = k | int32(before)<<sortedByte
			if before <= c {
				next |= sign
			}
		}
		b := bucket[c] - 1
		sa[b] = next
		bucket[c] = b
	}
	// A Lyndon word is its own least rotation, and the last byte comes before it.
	sa[0] = int32(text[n-1]) << sortedByte
	if place == 0 {
		return 0
	}
	return slices.IndexFunc(sa, func(e int32) bool { return int(e&sortedPlace) == place })
}

func heads(freq, bucket []int32) {
	sum := int32(0)
	for c, n := range freq {
		bucket[c] = sum
		sum += n
	}
}

func tails(freq, bucket []int32) {
	sum := int32(0)
	for c, n := range freq {
		sum += n
		bucket[c] = sum
	}
}

// sortRises leaves in sa, which is zero, the places that are smaller than what follows and come after a greater one, each
// at the end of its symbol's bucket and in the order of their suffixes. The end of the text is smaller than any symbol. freq
// counts the symbols. What it gives is the memory it took, to be given again.
func sortRises[T byte | int32](text []T, sa, freq, bucket, memory []int32) []int32 {
	n := len(text)
	tails(freq, bucket)
	count := 0
	eachRise(text, func(i int) {
		c := text[i]
		bucket[c]--
		sa[bucket[c]] = int32(i)
		count++
	})
	if count <= 1 {
		return memory
	}
	induceRises(text, sa, freq, bucket)
	// The rises stand at the end, in the order of the text up to each one's next rise. Equal ones get equal names.
	sorted := sa[n-count:]
	end := 0
	eachRise(text, func(i int) {
		if end > 0 {
			sa[i/2] = int32(end - i + 1)
		} else {
			sa[i/2] = int32(n + 1) // only this one meets the end of the text
		}
		end = i
	})
	name, before, length := int32(0), 0, 0
	for _, e := range sorted {
		at, size := int(e), int(sa[e/2])
		same := size == length && size <= n
		if same {
			a, b := text[at:at+size], text[before:before+size]
			for i := range a {
				if a[i] != b[i] {
					same = false
					break
				}
			}
		}
		if !same {
			name++
			before, length = at, size
		}
		sa[e/2] = name
	}
	if int(name) < count {
		to := n
		for i := (n - 1) / 2; i >= 0; i-- {
			if sa[i] > 0 {
				to--
				sa[to] = sa[i] - 1
			}
		}
		clear(sa[:count])
		memory = suffixes(sorted, int(name), sa[:count], memory)
		to = n
		eachRise(text, func(i int) {
			to--
			sa[to] = int32(i)
		})
		for i := range count {
			sa[i] = sorted[sa[i]]
		}
	} else {
		copy(sa, sorted)
	}
	clear(sa[count:])
	tails(freq, bucket)
	for i := count - 1; i >= 0; i-- {
		e := sa[i]
		sa[i] = 0
		c := text[e]
		bucket[c]--
		sa[bucket[c]] = e
	}
	return memory
}

// eachRise calls f with every place that is smaller than what follows and comes after a greater one, the last first.
func eachRise[T byte | int32](text []T, f func(int)) {
	next, rising := text[len(text)-1], false
	for i := len(text) - 2; i >= 0; i-- {
		c := text[i]
		if c < next {
			rising = true
		} else if c > next && rising {
			rising = false
			f(i + 1)
		}
		next = c
	}
}

// induceRises takes the rises in sa, in their symbols' buckets, and leaves them at sa's end in the order of the text up to each one's next rise.
func induceRises[T byte | int32](text []T, sa, freq, bucket []int32) {
	n := len(text)
	heads(freq, bucket)
	k := int32(n - 1)
	if text[n-2] < text[n-1] {
		k = -k
	}
	c := text[n-1]
	sa[bucket[c]] = k
	bucket[c]++
	for i := range sa {
		k := sa[i]
		if k <= 0 {
			sa[i] = -k
			continue
		}
		sa[i] = 0
		k--
		c := text[k]
		b := bucket[c]
		bucket[c] = b + 1
		if k > 0 && text[k-1] < c {
			k = -k
		}
		sa[b] = k
	}
	tails(freq, bucket)
	top := n
	for i := n - 1; i >= 0; i-- {
		k := sa[i]
		if k == 0 {
			continue
		}
		sa[i] = 0
		if k < 0 {
			top--
			sa[top] = -k
			continue
		}
		k--
		c := text[k]
		b := bucket[c] - 1
		bucket[c] = b
		if k > 0 && text[k-1] > c {
			k = -k
		}
		sa[b] = k
	}
}

// suffixes fills sa, which is zero, with the places of the sorted suffixes of a text of symbols below names.
func suffixes(text []int32, names int, sa, memory []int32) []int32 {
	n := len(text)
	if n == 1 {
		sa[0] = 0
		return memory
	}
	if cap(memory) < 2*names {
		memory = make([]int32, 2*names)
	}
	memory = memory[:cap(memory)]
	freq, bucket, rest := memory[:names:names], memory[names:2*names:2*names], memory[2*names:]
	clear(freq)
	for _, c := range text {
		freq[c]++
	}
	sortRises(text, sa, freq, bucket, rest)
	heads(freq, bucket)
	k := int32(n - 1)
	if text[n-2] < text[n-1] {
		k = -k
	}
	c := text[n-1]
	sa[bucket[c]] = k
	bucket[c]++
	for i := range sa {
		k := sa[i]
		if k <= 0 {
			continue
		}
		k--
		c := text[k]
		b := bucket[c]
		bucket[c] = b + 1
		if k > 0 && text[k-1] < c {
			k = -k
		}
		sa[b] = k
	}
	tails(freq, bucket)
	for i := n - 1; i >= 0; i-- {
		k := sa[i]
		if k >= 0 {
			continue
		}
		k = -k
		sa[i] = k
		k--
		c := text[k]
		b := bucket[c] - 1
		bucket[c] = b
		if k > 0 && text[k-1] <= c {
			k = -k
		}
		sa[b] = k
	}
	return memory
}
