package larder_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"testing"
	"time"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/exec"
	"github.com/larder-ml/larder/format/pickle"
	"github.com/larder-ml/larder/internal/fixture"
	"github.com/larder-ml/larder/internal/golden"
	"github.com/larder-ml/larder/numpy"
	"github.com/larder-ml/larder/pyobj"
)

// TestForgedStates changes one thing in the state of a model (the shape, type or values of an array, an attribute, the length of
// a list) and asks the model for all it can: an error or an answer, and in time. LARDER_FORGED is how many changes each fixture
// gets, LARDER_SEED how they are drawn.
func TestForgedStates(t *testing.T) {
	number := func(name string, otherwise int) int {
		if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
			return n
		}
		return otherwise
	}
	each, seed := number("LARDER_FORGED", 2), number("LARDER_SEED", 1)
	dirs, _ := filepath.Glob(filepath.Join(fixture.Root(t), "testdata", "sklearn", "*"))
	n, bound, answered := 0, 0, 0
	for _, dir := range dirs {
		paths, err := golden.CasePaths(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			c, err := golden.ReadCase(path)
			if err != nil {
				t.Fatal(err)
			}
			m, err := larder.Open(c.ModelPath())
			if err != nil {
				t.Fatal(err)
			}
			for i := range each {
				r := rand.New(rand.NewPCG(uint64(seed), uint64(n)))
				root := pyobj.Clone(m.Doc().Root)
				what := forge(r, root)
				var b bytes.Buffer
				if err := pickle.Encode(&b, root, 4, (&numpy.Reducer{Protocol: 4}).Reduce); err != nil {
					continue
				}
				n++
				name := fmt.Sprintf("%s %s, change %d: %s", c.Release, c.Name, i, what)
				start := time.Now()
				ran, ok := ask(t, name, b.Bytes(), c)
				if took := time.Since(start); took > 20*time.Second {
					t.Errorf("%s: took %s", name, took)
				}
				answered += ran
				if ok {
					bound++
				}
			}
		}
	}
	if bound < n/4 || answered < n/4 {
		t.Errorf("of %d changed models %d were understood and %d methods answered: the changes reach nothing", n, bound, answered)
	}
	t.Logf("%d changed models, %d understood, %d methods answered", n, bound, answered)
}

// ask opens a file and runs what its model has on the rows of a case.
func ask(t *testing.T, name string, file []byte, c *golden.Case) (answered int, ok bool) {
	defer func() {
		if r := recover(); r != nil {
			t.Errorf("%s: %v\n%s", name, r, debug.Stack())
		}
	}()
	m, err := larder.OpenBytes(file, larder.Lenient())
	if err != nil {
		return 0, false
	}
	m.Info()
	faulty := func(doing string, err error) {
		var fault *exec.FaultError
		if errors.As(err, &fault) {
			t.Errorf("%s: %s: %v\n%s", name, doing, fault, fault.Stack)
		}
	}
	if _, err := m.Estimator(); err != nil {
		faulty("reading", err)
		return 0, false
	}
	for _, out := range c.Outputs {
		in := c.Inputs[out.Input]
		if in == nil {
			continue
		}
		ctx, stop := context.WithTimeout(context.Background(), 30*time.Second)
		_, err := m.Run(ctx, out.Method, in.Rows())
		stop()
		faulty(out.Method, err)
		if err == nil {
			answered++
		}
	}
	return answered, true
}

// forge changes one thing and says what.
func forge(r *rand.Rand, root pyobj.Value) string {
	var nodes []pyobj.Value
	pyobj.Walk(root, func(v pyobj.Value) bool {
		switch x := v.(type) {
		case *pyobj.Array:
			nodes = append(nodes, v)
		case *pyobj.Dict:
			if len(x.Entries) > 0 {
				nodes = append(nodes, v)
			}
		case *pyobj.List:
			nodes = append(nodes, v)
		case *pyobj.Tuple:
			if len(x.Items) > 0 {
				nodes = append(nodes, v)
			}
		}
		return true
	})
	if len(nodes) == 0 {
		return "nothing"
	}
	odd := func() pyobj.Value {
		values := []pyobj.Value{
			pyobj.None{}, pyobj.Int(0), pyobj.Int(-1), pyobj.Int(1), pyobj.Int(3), pyobj.Int(1 << 20), pyobj.Int(math.MaxInt64), pyobj.Float(math.NaN()), pyobj.Float(math.Inf(1)), pyobj.Float(-0.5),
			pyobj.Float(1e300), pyobj.Str(""), pyobj.Str("x"), pyobj.Str("auto"), pyobj.Bool(true), pyobj.Bool(false), &pyobj.List{}, &pyobj.Tuple{}, &pyobj.Dict{}, nodes[r.IntN(len(nodes))],
		}
		return values[r.IntN(len(values))]
	}
	switch x := nodes[r.IntN(len(nodes))].(type) {
	case *pyobj.Dict:
		i := r.IntN(len(x.Entries))
		key, _ := pyobj.Text(x.Entries[i].Key)
		if r.IntN(6) == 0 {
			x.Delete(key)
			return key + " is gone"
		}
		v := odd()
		x.Set(x.Entries[i].Key, v)
		return fmt.Sprintf("%s is %.40v", key, v)
	case *pyobj.List:
		x.Items, _ = forgeItems(r, x.Items, odd)
		return fmt.Sprintf("a list of %d items", len(x.Items))
	case *pyobj.Tuple:
		var what string
		x.Items, what = forgeItems(r, x.Items, func() pyobj.Value { return pyobj.Clone(odd()) }) // no tuple holds itself
		return fmt.Sprintf("a tuple of %d items %s", len(x.Items), what)
	case *pyobj.Array:
		was := fmt.Sprint(x.DType.Kind, x.Shape)
		forgeArray(r, x)
		return fmt.Sprintf("array %s is %c%d%v", was, x.DType.Kind, x.DType.Size, x.Shape)
	}
	return "nothing"
}

func forgeItems(r *rand.Rand, items []pyobj.Value, odd func() pyobj.Value) ([]pyobj.Value, string) {
	items = append([]pyobj.Value(nil), items...)
	switch n := len(items); {
	case n == 0 || r.IntN(4) == 0:
		return append(items, odd()), "one more"
	case r.IntN(3) == 0:
		return items[:n-1], "one less"
	case r.IntN(2) == 0:
		return append(items, items[n-1]), "the last twice"
	default:
		i := r.IntN(n)
		items[i] = odd()
		return items, "one changed"
	}
}

// forgeArray changes the shape, the type or the values, and keeps the bytes as many as they say.
func forgeArray(r *rand.Rand, a *pyobj.Array) {
	size := a.DType.Size
	fit := func() {
		if a.Data == nil {
			for len(a.Objects) < a.Len() {
				a.Objects = append(a.Objects, pyobj.None{})
			}
			a.Objects = a.Objects[:a.Len():a.Len()]
			return
		}
		b := make([]byte, a.Len()*size)
		for n := 0; n < len(b) && len(a.Data) > 0; {
			n += copy(b[n:], a.Data)
		}
		a.Data = b
	}
	a.Shape = append([]int(nil), a.Shape...)
	switch r.IntN(10) {
	case 0:
		a.Shape = []int{a.Len()}
	case 1:
		a.Shape = append(a.Shape, 1)
	case 2:
		a.Shape = append([]int{1}, a.Shape...)
	case 3:
		a.Shape = nil
	case 4:
		if len(a.Shape) > 0 {
			a.Shape[r.IntN(len(a.Shape))] = 0
		}
	case 5:
		if len(a.Shape) > 0 {
			a.Shape[r.IntN(len(a.Shape))]++
		}
	case 6:
		if i := len(a.Shape) - 1; i >= 0 && a.Shape[i] > 0 {
			a.Shape[i]--
		}
	case 7:
		if a.Data != nil && a.DType.Kind != 'V' {
			types := []pyobj.DType{{Kind: 'f', Size: 4, Order: '<'}, {Kind: 'i', Size: 8, Order: '<'}, {Kind: 'b', Size: 1, Order: '|'}, {Kind: 'U', Size: 8, Order: '<'}, {Kind: 'u', Size: 1, Order: '|'},
				{Kind: 'f', Size: 8, Order: '>'}, {Kind: 'f', Size: 8, Order: '<'}, {Kind: 'i', Size: 4, Order: '<'}, {Kind: 'c', Size: 16, Order: '<'}, {Kind: 'S', Size: 3, Order: '|'}}
			d := types[r.IntN(len(types))]
			a.DType, size = &d, d.Size
		}
	default:
		if a.Data != nil && size >= 4 && len(a.Data) >= size {
			a.Data = bytes.Clone(a.Data)
			i := r.IntN(len(a.Data)/size) * size
			odd := []uint64{0, math.Float64bits(math.NaN()), math.Float64bits(math.Inf(-1)), math.Float64bits(1e308), math.Float64bits(-1), math.MaxUint64, 1 << 31, 7, math.MaxInt64, math.MaxInt32, 1 << 20}[r.IntN(11)]
			if a.DType.Kind == 'f' && size == 4 {
				odd = uint64(math.Float32bits(float32(math.Float64frombits(odd))))
			}
			if size >= 8 {
				binary.LittleEndian.PutUint64(a.Data[i:], odd)
			} else {
				binary.LittleEndian.PutUint32(a.Data[i:], uint32(odd))
			}
		}
	}
	fit()
}
