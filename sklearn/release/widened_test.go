package release

import (
	"testing"

	"github.com/larder-ml/larder/numpy"
	"github.com/larder-ml/larder/pyobj"
)

// Labels of Python 2 as UTF-8 and as latin-1 become the same text.
func TestBytesOfPython2BecomeText(t *testing.T) {
	a := &pyobj.Array{DType: &pyobj.DType{Kind: 'S', Size: 5}, Shape: []int{3}, Data: []byte("s\xc3\xa9tos\xe9to\x00vers\x00")}
	v, _ := textOfPython2(a)
	got, err := numpy.Tensor(v.(*pyobj.Array))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"séto", "séto", "vers"} {
		if got.Str[i] != want {
			t.Errorf("item %d: got %q, want %q", i, got.Str[i], want)
		}
	}
}
