package rows

import "testing"

func TestCompareSparseResults(t *testing.T) {
	const sparse = `{"shape":[2,3],"indptr":[0,1,3],"indices":[2,0,1],"data":[0.5,3,-4]}`
	for _, c := range []struct {
		name, want, got string
		tolerance       float64
		rows, equal     int
	}{
		{"itself", sparse, sparse, 0, 2, 2},
		{"other order, a zero written out", sparse, `{"shape":[2,3],"indptr":[0,2,4],"indices":[2,1,1,0],"data":[0.5,0,-4,3]}`, 0, 2, 2},
		{"dense", sparse, `{"shape":[2,3],"data":[[0,0,0.5],[3,-4,0]]}`, 0, 2, 2},
		{"dense expected", `{"shape":[2,3],"data":[[0,0,0.5],[3,-4,0]]}`, sparse, 0, 2, 2},
		{"a dense row differs", sparse, `{"shape":[2,3],"data":[[0,0,0.5],[3,-4,1]]}`, 0, 2, 1},
		{"within the tolerance", sparse, `{"shape":[2,3],"indptr":[0,1,3],"indices":[2,0,1],"data":[0.5000001,3,-4]}`, 1e-6, 2, 2},
		{"beyond it", sparse, `{"shape":[2,3],"indptr":[0,1,3],"indices":[2,0,1],"data":[0.5001,3,-4]}`, 1e-6, 2, 1},
		{"another column", sparse, `{"shape":[2,3],"indptr":[0,1,3],"indices":[1,0,1],"data":[0.5,3,-4]}`, 0, 2, 1},
		{"wider", sparse, `{"shape":[2,4],"indptr":[0,1,3],"indices":[2,0,1],"data":[0.5,3,-4]}`, 0, 2, 0},
		{"a row less", sparse, `{"shape":[1,3],"indptr":[0,1],"indices":[2],"data":[0.5]}`, 0, 2, 1},
	} {
		d, err := Compare([]byte(c.want), []byte(c.got), c.tolerance)
		if err != nil || d.Rows != c.rows || d.Equal != c.equal || (d.First == "") != (c.equal == c.rows) {
			t.Errorf("%s: %+v, %v", c.name, d, err)
		}
	}
	for _, bad := range []string{
		`{"shape":[2,3],"indptr":[0,9,3],"indices":[2,0,1],"data":[0.5,3,-4]}`,
		`{"shape":[2,3],"indptr":[0,2,1,3],"indices":[2,0,1],"data":[0.5,3,-4]}`,
		`{"shape":[2,3],"indptr":[],"indices":[],"data":[]}`,
		`{"shape":[1,3],"indptr":[0,2],"indices":[1,1],"data":[1,2]}`,
		`{"shape":[1,3],"indptr":[0,2],"indices":[1],"data":[1,2]}`,
		`{"shape":"a","indptr":[0,2],"indices":[1,2],"data":[1,2]}`,
	} {
		if d, err := Compare([]byte(sparse), []byte(bad), 0); err == nil {
			t.Errorf("%s: %+v", bad, d)
		}
	}
}
