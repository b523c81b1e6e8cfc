package parts

import (
	"fmt"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/tensor"
)

// RandomState is a random_state parameter: a seed, or a stored generator. It reads anything; Generator tells whether
// draws can be repeated.
type RandomState struct{ v pyobj.Value }

// UnmarshalPy keeps the value.
func (r *RandomState) UnmarshalPy(_ *sklearn.Binder, _ string, v pyobj.Value) error {
	r.v = v
	return nil
}

// Generator returns numpy's generator in the state a call starts from: a file just loaded.
func (r *RandomState) Generator() (*graph.RandomAttr, error) {
	a := &graph.RandomAttr{}
	if r.v == nil {
		return nil, fmt.Errorf("random_state is not recorded")
	}
	if _, none := r.v.(pyobj.None); none {
		return nil, fmt.Errorf("random_state=None draws other numbers at each call")
	}
	if o, ok := r.v.(*pyobj.Object); ok {
		return a, stored(a, o)
	}
	seed, err := sklearn.Int(r.v)
	if err != nil || seed < 0 || seed > 1<<32-1 {
		return nil, fmt.Errorf("random_state %s is no seed", sklearn.Describe(r.v))
	}
	a.Seed(uint32(seed))
	return a, nil
}

// stored reads the state of a pickled RandomState: a dict of bit generator and state, or in files of old numpys the
// tuple of get_state().
func stored(a *graph.RandomAttr, o *pyobj.Object) error {
	bad := fmt.Errorf("random_state %s is no generator of numpy's MT19937", sklearn.Describe(o))
	var key, pos pyobj.Value
	switch s := o.State.(type) {
	case *pyobj.Dict:
		if name, _ := pyobj.Text(s.Get("bit_generator")); name != "MT19937" {
			return bad
		}
		in, ok := s.Get("state").(*pyobj.Dict)
		if !ok {
			return bad
		}
		key, pos = in.Get("key"), in.Get("pos")
	case *pyobj.Tuple:
		if len(s.Items) < 3 {
			return bad
		}
		if name, _ := pyobj.Text(s.Items[0]); name != "MT19937" {
			return bad
		}
		key, pos = s.Items[1], s.Items[2]
	default:
		return bad
	}
	t, err := sklearn.Tensor(key)
	if err != nil || t.Len() != len(a.Key) || t.DType.Storage() != tensor.I64 {
		return bad
	}
	for i, v := range t.I64 {
		a.Key[i] = uint32(v)
	}
	if a.Pos, err = sklearn.Int(pos); err != nil || a.Pos < 0 || a.Pos > len(a.Key) {
		return bad
	}
	return nil
}
