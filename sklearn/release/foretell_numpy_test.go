package release

import (
	"strings"
	"testing"

	"github.com/larder-ml/larder/pyobj"
)

// What numpy and scipy stand beside a release decides which errors come, and how they are written.
func TestForetellOfNumpy(t *testing.T) {
	to, err := Find("1.0.2")
	if err != nil {
		t.Fatal(err)
	}
	state := &pyobj.Dict{}
	nodes := &pyobj.Array{DType: &pyobj.DType{Kind: 'V', Size: 64, Fields: []pyobj.Field{{Name: "missing_go_to_left"}}}}
	state.Set(pyobj.Str("nodes"), nodes)
	tree := func(numpy string) string { return (&foreteller{to: to, rt: Runtime{Numpy: numpy}}).treeNodes(state) }
	if got := tree("1.19.5"); !strings.HasSuffix(got, "'missing_go_to_left'], 'formats':['<i8','<i8','<i8','<f8','<f8','<i8','<f8','u1'], 'offsets':[0,8,16,24,32,40,48,56], 'itemsize':64}") {
		t.Errorf("%s", got)
	}
	if got := tree("1.22.4"); !strings.HasSuffix(got, "'offsets': [0, 8, 16, 24, 32, 40, 48, 56], 'itemsize': 64}") {
		t.Errorf("%s", got)
	}
	random := &pyobj.Call{Func: &pyobj.Global{Module: "numpy.random._pickle", Name: "__randomstate_ctor"}, Args: []pyobj.Value{pyobj.Str("MT19937"), pyobj.None{}}}
	sparse := &pyobj.Global{Module: "scipy.sparse._csr", Name: "csr_matrix"}
	const ctor, csr = "TypeError: __randomstate_ctor() takes from 0 to 1 positional arguments but 2 were given", "ModuleNotFoundError: No module named 'scipy.sparse._csr'"
	old := &foreteller{to: to, rt: Runtime{Numpy: "1.23.5", Scipy: "1.7.3"}, out: &Foretelling{}}
	if a, b := old.calling(random), old.importing(sparse); a != ctor || b != csr {
		t.Errorf("%s\n%s", a, b)
	}
	later := &foreteller{to: to, rt: Runtime{Numpy: "1.24.4", Scipy: "1.8.1"}, out: &Foretelling{}}
	if a, b := later.calling(random), later.importing(sparse); a != "" || b != "" || len(later.out.Notes) > 0 {
		t.Errorf("%s\n%s", a, b)
	}
	open := &foreteller{to: to, out: &Foretelling{}}
	if a, b := open.calling(random), open.importing(sparse); a != "" || b != "" || len(open.out.Notes) != 2 {
		t.Errorf("%s\n%s\n%s", a, b, open.out.Notes)
	}
}
