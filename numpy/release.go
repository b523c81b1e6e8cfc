package numpy

import (
	"strings"

	"github.com/larder-ml/larder/pyobj"
)

// Generation returns the major release of the numpy that wrote a file, as the modules it names tell: 1 for numpy.core,
// 2 for numpy._core. It is 0 where neither is named, or both.
func Generation(doc *pyobj.Doc) int {
	var one, two bool
	for _, im := range doc.Imports {
		one = one || im.Global.Module == "numpy.core" || strings.HasPrefix(im.Global.Module, "numpy.core.")
		two = two || im.Global.Module == "numpy._core" || strings.HasPrefix(im.Global.Module, "numpy._core.")
	}
	switch {
	case one && !two:
		return 1
	case two && !one:
		return 2
	}
	return 0
}

// BigEndian reports arrays of a big-endian machine and none of another: scikit-learn's hashes are of the machine's byte order.
func BigEndian(root pyobj.Value) bool {
	var big, little bool
	pyobj.Walk(root, func(v pyobj.Value) bool {
		if a, ok := v.(*pyobj.Array); ok && a.DType != nil {
			big, little = big || a.DType.Order == '>', little || a.DType.Order == '<'
		}
		return !little
	})
	return big && !little
}
