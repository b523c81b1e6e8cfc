package larder_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/tensor"
)

// TestBoundNumber computes functions of a number and rows of every type: what numpy 2.4 and pandas 3.1 give for the same, and
// numpy 1.26 and pandas 2.2 for files that only numpy 1 can have written.
func TestBoundNumber(t *testing.T) {
	const model = "ccopy_reg\n_reconstructor\n(csklearn.preprocessing._function_transformer\nFunctionTransformer\nc__builtin__\nobject\nNtR(dS'func'\n" +
		"cfunctools\npartial\n(cnumpy\n%[1]s\ntR(cnumpy\n%[1]s\n(%[2]s\nt(dNtbsS'inverse_func'\nNsS'validate'\nI00\nsS'accept_sparse'\nI00\nsS'check_inverse'\nI01\n" +
		"sS'feature_names_out'\nNsS'kw_args'\nNsS'inv_kw_args'\nNsS'_sklearn_version'\nS'%[3]s'\nsb."
	for _, c := range []struct {
		f, number string
		x         tensor.DType
		frame     bool
		want      string
	}{
		{"1add", "I30", tensor.Int8, false, "int8 [-126]"}, {"1add", "I300", tensor.Int8, false, "int16 [400]"}, {"1add", "I200", tensor.Int8, true, "int16 [300]"},
		{"1add", "F2.5", tensor.Float32, false, "float32 [102.5]"}, {"1add", "F1e300", tensor.Float32, false, "float64 [1e+300]"},
		{"1fmin", "F2.5", tensor.Float32, true, "float32 [2.5]"}, {"1logaddexp", "F0", tensor.Float32, true, "float32 [100]"},
		{"1multiply", "I2147483648", tensor.Float32, false, "float64 [2.147483648e+11]"}, {"1logaddexp", "I200", tensor.Int8, false, "float16 [200]"},
		{"1power", "I300", tensor.Uint8, false, "int16 [0]"}, {"1divide", "I3", tensor.Int8, false, "float64 [0.03]"}, {"logaddexp", "I20", tensor.Int8, false, "float16 [100]"},
		{"add", "I30", tensor.Int8, false, "int8 [-126]"}, {"add", "I30", tensor.Int8, true, "int8 [-126]"},
		{"add", "I300", tensor.Int8, false, "Python integer 300 out of bounds for int8"}, {"divide", "I300", tensor.Int8, false, "float64 [3]"},
		{"add", "F2.5", tensor.Int8, false, "float64 [102.5]"}, {"maximum", "I30", tensor.Int32, false, "int32 [100]"}, {"add", "I30", tensor.Uint64, false, "uint64 [130]"}, {"add", "I-1", tensor.Uint64, false, "Python integer -1 out of bounds for uint64"},
		{"maximum", "I30", tensor.Int32, true, "int64 [100]"}, {"add", "F2.5", tensor.Float32, true, "float32 [102.5]"},
		{"fmin", "F2.5", tensor.Float32, false, "float32 [2.5]"}, {"fmin", "F2.5", tensor.Float32, true, "float64 [2.5]"},
		{"logaddexp", "F0", tensor.Float32, false, "float32 [100]"}, {"logaddexp", "F0", tensor.Float32, true, "float64 [100]"},
	} {
		release := "1.9.1"
		f, old := strings.CutPrefix(c.f, "1")
		if old {
			release = "1.3.2"
		}
		m, err := larder.OpenBytes(fmt.Appendf(nil, model, f, c.number, release))
		if err != nil {
			t.Fatal(err)
		}
		x := tensor.New(c.x, 1, 1)
		switch c.x.Storage() {
		case tensor.F32:
			x.F32[0] = 100
		default:
			x.I64[0] = 100
		}
		rows := tensor.Value{Dense: x}
		if c.frame {
			rows = tensor.Value{Frame: &tensor.Frame{Names: []string{"a"}, Columns: []*tensor.Tensor{x.Reshape(1)}, N: 1}}
		}
		res, err := m.Run(context.Background(), "transform", rows)
		if err != nil {
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("%+v: %v", c, err)
			}
			continue
		}
		got := res.Outputs[0].Value.Dense
		if c.frame {
			got = res.Outputs[0].Value.Frame.Columns[0]
		}
		if s := fmt.Sprint(got.DType, " ", got.AsF64()); s != c.want {
			t.Errorf("%+v: %s", c, s)
		}
	}
}
