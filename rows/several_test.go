package rows

import (
	"strings"
	"testing"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/tensor"
)

// TestSparseAmongSeveral: a forest's decision path is a sparse matrix beside where its trees begin; written sparse it is as long as what it
// holds, and equals the dense form.
func TestSparseAmongSeveral(t *testing.T) {
	path := &tensor.Sparse{Rows: 2, Cols: 3, Indptr: []int{0, 2, 3}, Indices: []int32{0, 2, 1}, Data: tensor.FromI64([]int64{1, 1, 1})}
	res := &larder.Result{Method: "decision_path", Outputs: []larder.Output{{Name: "indicator", Value: tensor.Value{CSR: path}},
		{Name: "n_nodes_ptr", Value: tensor.Value{Dense: tensor.FromI64([]int64{0, 3})}}}}
	sparse, err := AppendJSON(nil, res, true)
	if err != nil {
		t.Fatal(err)
	}
	if want := `"data":[{"shape":[2,3],"indptr":[0,2,3],"indices":[0,2,1],"data":[1,1,1]},[0,3]]}`; !strings.HasSuffix(string(sparse), want) {
		t.Errorf("%s", sparse)
	}
	dense, err := AppendJSON(nil, res, false)
	if err != nil {
		t.Fatal(err)
	}
	for _, other := range [][]byte{sparse, dense} {
		if d, err := Compare(sparse, other, 0); err != nil || d.Equal != d.Rows || d.Rows != 4 {
			t.Errorf("%+v, %v", d, err)
		}
	}
	if d, err := Compare(sparse, []byte(strings.Replace(string(sparse), "[0,2,1]", "[0,1,1]", 1)), 0); err != nil || d.Equal != d.Rows-1 {
		t.Errorf("another path: %+v, %v", d, err)
	}
}
