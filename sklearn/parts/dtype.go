package parts

import (
	"fmt"

	"github.com/larder-ml/larder/numpy"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/tensor"
)

// DType is a parameter that names a numpy element type: a dtype, a numpy scalar class, a Python type or a name.
type DType struct{ tensor.DType }

// UnmarshalPy reads the type.
func (d *DType) UnmarshalPy(_ *sklearn.Binder, path string, v pyobj.Value) error {
	name := ""
	switch x := v.(type) {
	case *pyobj.DType:
		t, err := numpy.Tensor(&pyobj.Array{DType: x, Shape: []int{0}, Data: []byte{}})
		if err != nil {
			return err
		}
		if x.Kind == 'S' {
			return fmt.Errorf("dtype %s is not supported", x.Code())
		}
		d.DType = t.DType
		return nil
	case *pyobj.Global:
		name = x.Name
	case pyobj.Str, pyobj.Py2Str:
		name, _ = pyobj.Text(v)
	default:
		return fmt.Errorf("%s, wanted a dtype", sklearn.Describe(v))
	}
	t, ok := dtypeNames[name]
	if !ok {
		return fmt.Errorf("dtype %q is not known", name)
	}
	d.DType = t
	return nil
}

var dtypeNames = map[string]tensor.DType{
	"float64": tensor.Float64, "float": tensor.Float64, "double": tensor.Float64, "f8": tensor.Float64, "<f8": tensor.Float64, "float_": tensor.Float64, "d": tensor.Float64,
	"float32": tensor.Float32, "single": tensor.Float32, "f4": tensor.Float32, "<f4": tensor.Float32, "f": tensor.Float32,
	"float16": tensor.Float16, "half": tensor.Float16, "f2": tensor.Float16, "<f2": tensor.Float16,
	"int64": tensor.Int64, "int": tensor.Int64, "int_": tensor.Int64, "i8": tensor.Int64, "<i8": tensor.Int64, "longlong": tensor.Int64, "intp": tensor.Int64,
	"int32": tensor.Int32, "intc": tensor.Int32, "i4": tensor.Int32, "<i4": tensor.Int32,
	"int16": tensor.Int16, "short": tensor.Int16, "i2": tensor.Int16, "<i2": tensor.Int16,
	"int8": tensor.Int8, "byte": tensor.Int8, "i1": tensor.Int8, "|i1": tensor.Int8,
	"uint64": tensor.Uint64, "uint": tensor.Uint64, "u8": tensor.Uint64, "<u8": tensor.Uint64, "ulonglong": tensor.Uint64,
	"uint32": tensor.Uint32, "uintc": tensor.Uint32, "u4": tensor.Uint32, "<u4": tensor.Uint32,
	"uint16": tensor.Uint16, "ushort": tensor.Uint16, "u2": tensor.Uint16, "<u2": tensor.Uint16,
	"uint8": tensor.Uint8, "ubyte": tensor.Uint8, "u1": tensor.Uint8, "|u1": tensor.Uint8,
	"bool": tensor.Bool, "bool_": tensor.Bool, "|b1": tensor.Bool, "?": tensor.Bool,
	"object": tensor.Object, "object_": tensor.Object, "O": tensor.Object, "|O": tensor.Object,
	"str": tensor.String, "str_": tensor.String, "unicode_": tensor.String,
	"Float64DType": tensor.Float64, "Float32DType": tensor.Float32, "Float16DType": tensor.Float16, "Int64DType": tensor.Int64, "Int32DType": tensor.Int32,
	"Int16DType": tensor.Int16, "Int8DType": tensor.Int8, "UInt64DType": tensor.Uint64, "UInt32DType": tensor.Uint32, "UInt16DType": tensor.Uint16,
	"UInt8DType": tensor.Uint8, "BoolDType": tensor.Bool, "ObjectDType": tensor.Object, "StrDType": tensor.String,
}
