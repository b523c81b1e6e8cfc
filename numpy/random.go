package numpy

import (
	"encoding/binary"
	"fmt"
	"math/big"

	"github.com/larder-ml/larder/pyobj"
)

// RandomState gives the dict that numpy's RandomState.get_state(legacy=False) would give for one that is stored in a pickle by any
// release of numpy: bit_generator, state (key, pos), has_gauss, gauss.
func RandomState(o *pyobj.Object) (*pyobj.Dict, error) {
	switch s := o.State.(type) {
	case *pyobj.Dict:
		if _, ok := pyobj.Text(s.Get("bit_generator")); ok {
			return s, nil
		}
	case *pyobj.Tuple: // numpy before 1.17; before that without the Gaussian
		if n := len(s.Items); n == 3 || n == 5 {
			items := s.Items
			if n == 3 {
				items = append(append([]pyobj.Value{}, items...), pyobj.Int(0), pyobj.Float(0))
			}
			d, in := &pyobj.Dict{}, &pyobj.Dict{}
			in.Set(pyobj.Str("key"), items[1])
			in.Set(pyobj.Str("pos"), items[2])
			d.Set(pyobj.Str("bit_generator"), items[0])
			d.Set(pyobj.Str("state"), in)
			d.Set(pyobj.Str("has_gauss"), items[3])
			d.Set(pyobj.Str("gauss"), items[4])
			return d, nil
		}
	}
	return nil, fmt.Errorf("numpy: a RandomState without its state")
}

// Generator gives the state of the bit generator of a numpy Generator, and that of its seed sequence (entropy, spawn_key, pool_size,
// n_children_spawned); the latter is nil in the pickles of numpy 1.
func Generator(o *pyobj.Object) (state, seed *pyobj.Dict, err error) {
	bad := fmt.Errorf("numpy: a Generator without its state")
	if d, ok := o.State.(*pyobj.Dict); ok { // numpy 1
		return d, nil, nil
	}
	if len(o.Args) == 0 {
		return nil, nil, bad
	}
	bits, ok := o.Args[0].(*pyobj.Object)
	if !ok {
		return nil, nil, bad
	}
	switch s := bits.State.(type) {
	case *pyobj.Dict:
		return s, nil, nil
	case *pyobj.Tuple:
		if len(s.Items) != 2 {
			return nil, nil, bad
		}
		d, ok := s.Items[0].(*pyobj.Dict)
		if !ok {
			return nil, nil, bad
		}
		seq, ok := s.Items[1].(*pyobj.Object)
		if !ok {
			return d, nil, nil
		}
		t, ok := seq.State.(*pyobj.Tuple)
		if !ok || len(t.Items) < 5 {
			return nil, nil, bad
		}
		seed = &pyobj.Dict{}
		for i, name := range []string{"entropy", "spawn_key", "pool_size", "n_children_spawned"} {
			seed.Set(pyobj.Str(name), t.Items[[]int{0, 4, 3, 1}[i]])
		}
		return d, seed, nil
	}
	return nil, nil, bad
}

// seedChecksum is what Cython writes for the attributes of numpy's SeedSequence.
const seedChecksum = 65708578

// SeedSequence gives the form numpy pickles a SeedSequence in, from the dict of its state. The pool is computed anew:
// https://www.pcg-random.org/posts/developing-a-seed_seq-alternative.html describes how.
func SeedSequence(state *pyobj.Dict) (*pyobj.Object, error) {
	entropy, spawn := state.Get("entropy"), state.Get("spawn_key")
	words, err := words32(entropy)
	if err != nil {
		return nil, err
	}
	key, err := words32(spawn)
	if err != nil {
		return nil, err
	}
	size, ok := state.Get("pool_size").(pyobj.Int)
	if !ok || size < 4 || size > 1<<16 {
		return nil, fmt.Errorf("numpy: a seed sequence with a pool of %v", state.Get("pool_size"))
	}
	if len(key) > 0 {
		for len(words) < int(size) {
			words = append(words, 0)
		}
		words = append(words, key...)
	}
	pool := mixEntropy(words, int(size))
	data := make([]byte, 0, 4*size)
	for _, w := range pool {
		data = binary.LittleEndian.AppendUint32(data, w)
	}
	array := &pyobj.Array{DType: &pyobj.DType{Kind: 'u', Size: 4, Order: '<'}, Shape: []int{int(size)}, Data: data, Offset: -1}
	const module = "numpy.random.bit_generator"
	return &pyobj.Object{Make: pyobj.Reduce, Class: &pyobj.Global{Module: module, Name: "__pyx_unpickle_SeedSequence"}, Offset: -1,
		Args:  []pyobj.Value{&pyobj.Global{Module: module, Name: "SeedSequence"}, pyobj.Int(seedChecksum), pyobj.None{}},
		State: &pyobj.Tuple{Items: []pyobj.Value{entropy, state.Get("n_children_spawned"), array, size, spawn}}}, nil
}

// maxSeed bounds the bits of one number in a seed.
const maxSeed = 1 << 16

// words32 splits numbers into words of 32 bits, the lowest first.
func words32(v pyobj.Value) ([]uint32, error) {
	var out []uint32
	switch x := v.(type) {
	case nil, pyobj.None:
		return nil, nil
	case pyobj.Int:
		if x < 0 {
			break
		}
		return words32(&pyobj.BigInt{V: big.NewInt(int64(x))})
	case *pyobj.BigInt:
		if x.V.Sign() < 0 || x.V.BitLen() > maxSeed {
			break
		}
		b := x.V.Bytes()
		for n := len(b); n > 0; n -= 4 {
			w := uint32(0)
			for _, c := range b[max(0, n-4):n] {
				w = w<<8 | uint32(c)
			}
			out = append(out, w)
		}
		if out == nil {
			out = []uint32{0}
		}
		return out, nil
	case *pyobj.Scalar:
		return words32(&pyobj.Array{DType: x.DType, Data: x.Data})
	case *pyobj.Array:
		if x.DType.Kind != 'i' && x.DType.Kind != 'u' {
			break
		}
		t, err := Tensor(x)
		if err != nil {
			return nil, err
		}
		for i := range t.Len() {
			w, err := words32(pyobj.Int(t.Cell(i).I))
			if err != nil {
				return nil, err
			}
			out = append(out, w...)
		}
		return out, nil
	case *pyobj.List:
		return manyWords(x.Items)
	case *pyobj.Tuple:
		return manyWords(x.Items)
	}
	return nil, fmt.Errorf("numpy: a seed that is no number")
}

func manyWords(vs []pyobj.Value) (out []uint32, err error) {
	for _, v := range vs {
		switch v.(type) {
		case *pyobj.List, *pyobj.Tuple:
			return nil, fmt.Errorf("numpy: a seed of nested lists")
		}
		w, err := words32(v)
		if err != nil {
			return nil, err
		}
		out = append(out, w...)
	}
	return out, nil
}

// mixEntropy fills a pool of size words.
func mixEntropy(entropy []uint32, size int) []uint32 {
	k := uint32(0x43b0d7e5)
	hash := func(v uint32) uint32 {
		v ^= k
		k *= 0x931e8875
		v *= k
		return v ^ v>>16
	}
	mix := func(x, y uint32) uint32 {
		r := 0xca01f9dd*x - 0x4973f715*y
		return r ^ r>>16
	}
	pool := make([]uint32, size)
	for i := range pool {
		v := uint32(0)
		if i < len(entropy) {
			v = entropy[i]
		}
		pool[i] = hash(v)
	}
	for i := range pool {
		for j := range pool {
			if i != j {
				pool[j] = mix(pool[j], hash(pool[i]))
			}
		}
	}
	for i := size; i < len(entropy); i++ {
		for j := range pool {
			pool[j] = mix(pool[j], hash(entropy[i]))
		}
	}
	return pool
}
