package exec

import (
	"math"
	"math/bits"
	"runtime"

	"github.com/larder-ml/larder/tensor"
)

// group is how many rows lie side by side in X: a slot holds their keys in one line of the cache.
const group = 8

// nearX is one group of X as near nodes see it, nearTree the nodes of a tree: of sizes that need no check of indices.
type (
	nearX    = [1<<16 + group]int64
	nearTree = [nearNodes]int64
)

// sum adds the leaves of all rows to out.
func (f *forest) sum(c *call, k int, out []float64) error {
	v, err := &f.plain, error(nil)
	for from := 0; from < c.rows; {
		w := max(len(v.slots), 1) * group
		rows := min(c.rows-from, max(64, (1<<19)/w*group))
		groups := (rows + group - 1) / group
		x := c.i64s(groups*w + len(nearX{}))
		if !f.fill(c, v, x, from, rows) {
			if v, err = f.withNaN(); err != nil {
				return c.errorf("%s", err)
			}
			c.free()
			continue
		}
		o := out[from*k : (from+rows)*k]
		if rows < group/2 {
			for r := range rows {
				if err := f.row(c, v, x[r:], k, o[r*k:(r+1)*k]); err != nil {
					return err
				}
			}
		} else if err := f.batch(c, v, x, groups, k, o); err != nil {
			return err
		}
		c.free()
		from += rows
	}
	return nil
}

// fill writes the keys of rows [from, from+rows) to x. It reports false when v is for rows without NaN and there is one.
func (f *forest) fill(c *call, v *variant, x []int64, from, rows int) bool {
	split := v == &f.split
	w := max(len(v.slots), 1) * group
	in := c.in(0)
	if s := in.CSR; s != nil {
		for i, sl := range v.slots {
			zero := f.keyOf(sl, 0)
			for g := i * group; g < (rows+group-1)/group*w; g += w {
				for j := range group {
					x[g+j] = zero
				}
			}
		}
		for r := range rows {
			at := r/group*w + r%group
			for p := s.Indptr[from+r]; p < s.Indptr[from+r+1]; p++ {
				var val float64
				if s.Data.F64 != nil {
					val = s.Data.F64[p]
				} else {
					val = float64(s.Data.F32[p])
				}
				for _, i := range v.of[s.Indices[p]] {
					if !split && val != val && !v.slots[i].category {
						return false
					}
					x[at+int(i)*group] = f.keyOf(v.slots[i], val)
				}
			}
		}
		return true
	}
	width := in.Dense.Cols()
	if in.Dense.DType == tensor.Float64 {
		for r := range rows {
			row := in.Dense.F64[(from+r)*width : (from+r+1)*width]
			at := r/group*w + r%group
			for i, sl := range v.slots {
				val := row[sl.column]
				if !split && val != val && !sl.category {
					return false
				}
				x[at+i*group] = f.keyOf(sl, val)
			}
		}
		return true
	}
	for r := range rows {
		row := in.Dense.F32[(from+r)*width : (from+r+1)*width]
		at := r/group*w + r%group
		for i := range v.slots {
			val := row[v.slots[i].column]
			key := floatKey(val)
			if val != val {
				if !split {
					return false
				}
				key = v.slots[i].missing
			}
			x[at+i*group] = key << 31
		}
	}
	return true
}

// keyOf gives what X holds for a value: its key, shifted. The low 31 bits are zero, which near nodes rely on.
func (f *forest) keyOf(s slot, v float64) int64 {
	switch {
	case s.category && (math.IsNaN(v) || v < 0):
		return codeMissed << 31
	case s.category:
		return int64(binCode(v)) << 31
	case math.IsNaN(v):
		return s.missing << 31
	case f.cuts != nil:
		return rank(f.cuts[s.column], v) << 31
	}
	return floatKey(float32(v)) << 31
}

// descend goes from node i of a tree to a child; lane is the row within its group.
func descend(t *nearTree, x *nearX, i uint16, lane int) uint16 {
	nd := t[i]
	return uint16(bits.RotateLeft64(uint64(nd-x[int(uint16(nd>>15))+lane]), 1))
}

// leafAt gives the number of a leaf within its tree from its node.
func leafAt(nd int64) int64 {
	k := nd >> 31
	return (k ^ k>>63) - keyLeaf
}

// levels is how many levels are walked before asking whether all rows have come to a leaf.
const levels = 24

// walkGroup walks a group of rows through a tree.
func walkGroup(t *nearTree, x *nearX, depth int, leaf *[group]int64) {
	var i0, i1, i2, i3, i4, i5, i6, i7 uint16
	for {
		for range min(depth, levels) {
			i0 = descend(t, x, i0, 0)
			i1 = descend(t, x, i1, 1)
			i2 = descend(t, x, i2, 2)
			i3 = descend(t, x, i3, 3)
			i4 = descend(t, x, i4, 4)
			i5 = descend(t, x, i5, 5)
			i6 = descend(t, x, i6, 6)
			i7 = descend(t, x, i7, 7)
		}
		depth -= levels
		if depth <= 0 || descend(t, x, i0, 0) == i0 && descend(t, x, i1, 1) == i1 && descend(t, x, i2, 2) == i2 && descend(t, x, i3, 3) == i3 &&
			descend(t, x, i4, 4) == i4 && descend(t, x, i5, 5) == i5 && descend(t, x, i6, 6) == i6 && descend(t, x, i7, 7) == i7 {
			break
		}
	}
	leaf[0], leaf[1], leaf[2], leaf[3] = leafAt(t[i0]), leafAt(t[i1]), leafAt(t[i2]), leafAt(t[i3])
	leaf[4], leaf[5], leaf[6], leaf[7] = leafAt(t[i4]), leafAt(t[i5]), leafAt(t[i6]), leafAt(t[i7])
}

// walkWide walks one row through a wide tree; x begins at the row's lane.
func walkWide(t []wideNode, sets []uint32, x []int64) int {
	i := uint32(0)
	for {
		nd := &t[i]
		if nd.child == i {
			return int(nd.key>>31) - keyLeaf
		}
		v := x[int(nd.slot&^slotSet)*group]
		if nd.slot&slotSet != 0 {
			code := v >> 31
			i = nd.child + sets[int(nd.key)+int(code>>5)]>>(code&31)&1
			continue
		}
		i = nd.child + uint32(uint64(nd.key-v)>>63)
	}
}

// groupsAtOnce is how many groups of rows go down a tree side by side in vector registers.
const groupsAtOnce = 4

// batch adds the leaves of groups of rows, tree by tree.
func (f *forest) batch(c *call, v *variant, x []int64, groups, k int, out []float64) error {
	w := max(len(v.slots), 1) * group
	var leaf [groupsAtOnce * group]int64
	var touched int64
	for t := range v.trees {
		ct := &v.trees[t]
		if t&15 == 0 {
			if err := c.ctx.Err(); err != nil {
				return err
			}
		}
		// Touch the next tree while walking this one, so that its nodes are in the cache when their time comes.
		var ahead []int64
		if t+1 < len(v.trees) && !v.trees[t+1].wide && v.trees[t+1].base > ct.base {
			ahead = v.near[v.trees[t+1].base:][:v.trees[t+1].nodes]
		}
		stride := (len(ahead)/8 + groups - 1) / groups * 8
		numbers := f.numbers[ct.numbers*f.values:]
		var many int
		for g := 0; g < groups; g += many {
			many = 1
			if hasAVX512 && !ct.wide && groups-g >= groupsAtOnce {
				many = groupsAtOnce
			}
			rows := min(many*group, len(out)/k-g*group)
			if !ct.wide {
				for p := g * stride; p < min((g+many)*stride, len(ahead)); p += 8 {
					touched += ahead[p]
				}
				near, keys := (*nearTree)(v.near[ct.base:]), (*nearX)(x[g*w:])
				if many == 1 {
					walkGroup(near, keys, ct.depth, (*[group]int64)(leaf[:]))
				} else {
					_ = (*nearX)(x[(g+many-1)*w:])
					walkRowsAVX512(&near[0], &keys[0], w*8, ct.depth, &leaf[0])
				}
			} else {
				for j := range rows {
					leaf[j] = int64(walkWide(v.wide[ct.base:ct.base+ct.nodes], v.sets, x[g*w+j:(g+1)*w]))
				}
			}
			o := out[g*group*k : (g*group+rows)*k]
			switch {
			case f.values == 1 && k == 1:
				for j := range o {
					o[j] += numbers[leaf[j]]
				}
			case f.values == 1:
				p := o[t%k:]
				for j, l := range leaf[:rows] {
					p[j*k] += numbers[l]
				}
			case k == 2:
				for j := range rows {
					n, p := numbers[2*leaf[j]:][:2], o[2*j:][:2]
					p[0] += n[0]
					p[1] += n[1]
				}
			case k == 3:
				for j := range rows {
					n, p := numbers[3*leaf[j]:][:3], o[3*j:][:3]
					p[0] += n[0]
					p[1] += n[1]
					p[2] += n[2]
				}
			default:
				for j := range rows {
					p := o[k*j : k*j+k]
					for i, n := range numbers[int64(k)*leaf[j]:][:k] {
						p[i] += n
					}
				}
			}
		}
	}
	runtime.KeepAlive(touched)
	return nil
}

// row adds the leaves of one row; x begins at its lane.
func (f *forest) row(c *call, v *variant, x []int64, k int, out []float64) error {
	var at [chains]int64
	xs := (*nearX)(x)
	for t := 0; t < len(v.trees); {
		if err := c.ctx.Err(); err != nil {
			return err
		}
		n, depth := 0, 0
		for n < chains && t+n < len(v.trees) && !v.trees[t+n].wide {
			depth = max(depth, v.trees[t+n].depth)
			n++
		}
		clear(at[:(n+7)&^7])
		walkTrees(v.near, v.bases[t:], at[:n], xs, depth)
		o := t % k
		for j, ct := range v.trees[t : t+n] {
			f.add(out, o, ct.numbers+int(leafAt(v.near[ct.base+int(at[j])])))
			if o++; o == k {
				o = 0
			}
		}
		t += n
		if n < chains && t < len(v.trees) {
			ct := &v.trees[t]
			f.add(out, t%k, ct.numbers+walkWide(v.wide[ct.base:ct.base+ct.nodes], v.sets, x[:max(len(v.slots), 1)*group]))
			t++
		}
	}
	return nil
}

// add adds the numbers of a leaf to a row's outputs, a single one to output o.
func (f *forest) add(out []float64, o, leaf int) {
	if f.values == 1 {
		out[o] += f.numbers[leaf]
		return
	}
	for i, a := range f.numbers[leaf*len(out):][:len(out)] {
		out[i] += a
	}
}

// chains is how many trees one row walks side by side: enough for the memory to fetch many lines at once.
const chains = 512

// walkTrees walks one row through near trees: at[j] goes down the tree that begins at near[base[j]]. Both arrays go on to
// the next multiple of 8, with walks nobody asked for.
func walkTrees(near, base, at []int64, x *nearX, depth int) {
	if hasAVX2 && len(at) > 0 {
		n := (len(at) + 7) &^ 7
		_, _ = base[n-1], at[:n]
		if hasAVX512 {
			walkNearAVX512(&near[0], &base[0], &at[0], n, &x[0], depth)
		} else {
			walkNearAVX2(&near[0], &base[0], &at[0], n, &x[0], depth)
		}
		return
	}
	// Two levels at a time, after a pass that only touches the nodes: so the memory fetches the lines of many trees at once.
	var touched int64
	for ; depth > 0; depth -= 2 {
		for j := range at {
			touched += near[base[j]+at[j]]
		}
		moved := int64(0)
		for j, from := range at {
			nd := near[base[j]+from]
			to := uint16(bits.RotateLeft64(uint64(nd-x[uint16(nd>>15)]), 1))
			nd = near[base[j]+int64(to)]
			to = uint16(bits.RotateLeft64(uint64(nd-x[uint16(nd>>15)]), 1))
			moved |= int64(to) ^ from
			at[j] = int64(to)
		}
		if moved == 0 {
			break
		}
	}
	runtime.KeepAlive(touched)
}
