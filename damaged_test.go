package larder_test

import (
	"archive/zip"
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/format/npy"
	"github.com/larder-ml/larder/format/pickle"
	"github.com/larder-ml/larder/internal/fixture"
	"github.com/larder-ml/larder/numpy"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/rows"
	"github.com/larder-ml/larder/tensor"
)

// damagedModels are of many rooms, with arrays, trees, texts and steps, none of them large.
var damagedModels = strings.Fields(`StandardScaler.joblib LogisticRegression.skops DecisionTreeClassifier.pkl KNeighborsRegressor.pkl KMeans.pkl OrdinalEncoder.pkl
CountVectorizer.pkl TfidfTransformer.pkl PCA.joblib GaussianNB.joblib SimpleImputer.pkl LabelBinarizer.pkl SplineTransformer.pkl IsotonicRegression.pkl
OrthogonalMatchingPursuit.pkl DictVectorizer.pkl Ridge.pkl LinearSVC.pkl SGDClassifier.pkl NearestCentroid.pkl BernoulliNB.pkl QuantileTransformer.pkl
LinearRegression.pkl Pipeline.joblib ColumnTransformer.pkl MinMaxScaler.skops VarianceThreshold.pkl ExtraTreeRegressor.pkl`)

// TestDamagedFiles damages twenty files of every stored form (see fixture.Damage): those that are written today and those that Python 2,
// the first protocols and old releases wrote.
func TestDamagedFiles(t *testing.T) {
	var models []*larder.Model
	for _, name := range damagedModels {
		m, err := larder.Open(fixture.Path(t, "sklearn/1.9.1/"+name))
		if err != nil {
			t.Fatal(err)
		}
		models = append(models, m)
	}
	written := func(f larder.Form) (seeds [][]byte) {
		for _, m := range models {
			var b bytes.Buffer
			if m.Encode(&b, f) == nil {
				seeds = append(seeds, b.Bytes())
			}
		}
		return seeds[:min(len(seeds), 20)]
	}
	form := func(name string, checked bool, seeds [][]byte) {
		fixture.Damage(t, fixture.Damaged{Name: name, Checked: checked, Seeds: seeds, Read: readModel})
	}
	for p := 2; p <= 5; p++ {
		form(fmt.Sprintf("pickle %d", p), false, written(larder.Form{Format: "pickle", Protocol: p}))
	}
	form("joblib", false, written(larder.Form{Format: "joblib"}))
	for _, c := range []string{"zlib", "gzip", "bz2", "xz", "lzma", "lz4"} {
		// LZMA has no checksum, and what python-lz4 writes has none.
		form("joblib "+c, c != "lzma" && c != "lz4", written(larder.Form{Format: "joblib", Compressor: c}))
	}
	form("skops", true, written(larder.Form{Format: "skops"}))
	form("safetensors", false, written(larder.Form{Format: "safetensors"}))
	fixture.Damage(t, fixture.Damaged{Name: "json", Seeds: written(larder.Form{Format: "json"}), Read: readModel, Inert: blank})

	form("old releases", false, storedBefore(t, "0.*/*.pkl"))
	early := map[int][][]byte{}
	var python2 [][]byte
	for _, c := range slices.Concat(fixture.Cases(t, "pickle"), fixture.Cases(t, "numpy"), fixture.Cases(t, "joblib")) {
		if _, err := readModel(c.Data, justRun); err == nil && c.Protocol < 2 && len(c.Data) < 1500 {
			early[c.Protocol] = append(early[c.Protocol], c.Data)
		}
	}
	form("pickle 0", false, early[0])
	form("pickle 1", false, early[1])
	for _, m := range models {
		// Its texts as Python 2 had them, at the protocol it wrote.
		root := pyobj.Rewrite(m.Doc().Root, func(v pyobj.Value) (pyobj.Value, bool) {
			if s, ok := v.(pyobj.Str); ok {
				return pyobj.Py2Str(s), true
			}
			return nil, false
		})
		var w bytes.Buffer
		if pickle.Encode(&w, root, 2, (&numpy.Reducer{Protocol: 2}).Reduce) != nil {
			continue
		}
		if _, err := readModel(w.Bytes(), justRun); err == nil {
			python2 = append(python2, w.Bytes())
		}
	}
	form("Python 2", false, python2)
	form("npy", false, damagedArrays(t))
	form("npz", true, damagedArchives(t))
}

func blank(rest []byte) bool { return len(bytes.TrimSpace(rest)) == 0 }

// readModel opens a model, runs it, and gives its fingerprint.
func readModel(b []byte, compute fixture.Compute) ([32]byte, error) {
	m, err := larder.OpenBytes(b, larder.Threads(1))
	if err != nil {
		return [32]byte{}, err
	}
	if r := m.Report(); r.Verdict != "ok" {
		return [32]byte{}, fmt.Errorf("%s", r.Verdict)
	}
	compute(func() int {
		r, err := m.Run(context.Background(), "", tensor.Value{Dense: tensor.New(tensor.Float64, 2, 4)})
		return answered(r, err)
	})
	return m.Fingerprint()
}

func justRun(answer func() int) { answer() }

// answered gives the bytes of an answer's numbers.
func answered(r *larder.Result, err error) (n int) {
	if err != nil {
		return 0
	}
	for _, out := range r.Outputs {
		if out.Value.Dense != nil {
			n += 8 * out.Value.Dense.Len()
		}
	}
	return n
}

// storedBefore gives the smallest files of a pattern that are read.
func storedBefore(t *testing.T, pattern string) (seeds [][]byte) {
	t.Helper()
	files, _ := filepath.Glob(filepath.Join(fixture.Path(t, "sklearn"), pattern))
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		seeds = append(seeds, b)
	}
	slices.SortStableFunc(seeds, func(a, b []byte) int { return cmp.Compare(len(a), len(b)) })
	seeds = slices.DeleteFunc(seeds, func(b []byte) bool { _, err := readModel(b, justRun); return err != nil })
	return seeds[:min(len(seeds), 20)]
}

func damagedArrays(t *testing.T) (seeds [][]byte) {
	t.Helper()
	for i := range 20 {
		a := &pyobj.Array{DType: &pyobj.DType{Kind: 'f', Size: 8, Order: '<'}, Shape: []int{1 + i, 3}, Fortran: i%4 == 0, Data: make([]byte, 24*(1+i))}
		for k := range a.Data {
			a.Data[k] = byte(k * (i + 7))
		}
		if i%2 == 1 {
			a = &pyobj.Array{DType: &pyobj.DType{Kind: 'U', Size: 12, Order: '<'}, Shape: []int{i}, Data: bytes.Repeat([]byte("a\x00\x00\x00b\x00\x00\x00\x00\x00\x00\x00"), i)}
		}
		var b bytes.Buffer
		if err := npy.Encode(&b, a); err != nil {
			t.Fatal(err)
		}
		seeds = append(seeds, b.Bytes())
	}
	return seeds
}

func damagedArchives(t *testing.T) (seeds [][]byte) {
	t.Helper()
	for i, a := range damagedArrays(t) {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		for _, name := range []string{"X.npy", "y.npy"} {
			w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: []uint16{zip.Store, zip.Deflate}[i%2]})
			if err == nil {
				_, err = w.Write(a)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		seeds = append(seeds, b.Bytes())
	}
	return seeds
}

// TestDamagedExports damages ONNX files, whose graphs are run, and files of parameters.
func TestDamagedExports(t *testing.T) {
	var graphs, params [][]byte
	files, _ := filepath.Glob(filepath.Join(fixture.Path(t, "sklearn/1.9.1"), "*.pkl"))
	for _, f := range files {
		m, err := larder.Open(f)
		if err != nil {
			continue
		}
		var b, p bytes.Buffer
		if _, err := m.EncodeONNX(&b, larder.ONNXOptions{}); err == nil && len(graphs) < 20 && b.Len() < 8000 {
			if _, err := readGraph(b.Bytes(), justRun); err == nil {
				graphs = append(graphs, b.Bytes())
			}
		}
		if err := m.Encode(&p, larder.Form{Format: "params"}); err == nil && len(params) < 20 {
			if _, err := readModel(p.Bytes(), justRun); err == nil {
				params = append(params, p.Bytes())
			}
		}
	}
	// The metadata come last in a graph's file; none of them is needed.
	fixture.Damage(t, fixture.Damaged{Name: "onnx", Seeds: graphs, Read: readGraph, Inert: func(rest []byte) bool { return rest[0] == 'r' }})
	fixture.Damage(t, fixture.Damaged{Name: "params", Seeds: params, Read: readModel, Inert: blank})
}

// readGraph runs an ONNX file and gives the digest of its answers.
func readGraph(b []byte, compute fixture.Compute) (d [32]byte, err error) {
	o, err := larder.ReadONNX(b, larder.Threads(1))
	if err != nil {
		return d, err
	}
	x := tensor.New(tensor.Float64, 3, 4)
	for i := range x.F64 {
		x.F64[i] = float64(i) / 3
	}
	var r *larder.Result
	compute(func() int {
		r, err = o.Run(context.Background(), tensor.Value{Dense: x})
		return answered(r, err)
	})
	if err != nil {
		return d, err
	}
	var all []byte
	for _, out := range r.Outputs {
		if all, err = rows.AppendStored(all, out.Value); err != nil {
			return d, err
		}
	}
	return sha256.Sum256(all), nil
}

// TestRulesAreNotRead: the names under which upgrades keep what an older release did are refused in a file.
func TestRulesAreNotRead(t *testing.T) {
	for name, file := range map[string]string{"rule_pow": "PowerTransformer.pkl", "rule_wide": "StandardScaler.joblib", "(missing)": "RandomForestClassifier.joblib", "rule_unknown": "PCA.joblib"} {
		m, err := larder.Open(filepath.Join(fixture.Root(t), "testdata", "sklearn", "1.9.1", file))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := m.Estimator(); err != nil {
			t.Fatal(err)
		}
		root := pyobj.Clone(m.Doc().Root)
		attrs, _ := root.(*pyobj.Object).Attrs()
		attrs.Set(pyobj.Str(name), pyobj.Bool(true))
		var b bytes.Buffer
		if err := pickle.Encode(&b, root, 4, (&numpy.Reducer{Protocol: 4}).Reduce); err != nil {
			t.Fatal(err)
		}
		forged, err := larder.OpenBytes(b.Bytes(), larder.Lenient())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := forged.Estimator(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s with %s: %v", file, name, err)
		}
	}
}
