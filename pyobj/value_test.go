package pyobj

import "testing"

func TestTextOfPython2(t *testing.T) {
	for in, want := range map[string]string{"plain": "plain", "s\xc3\xa9to": "séto", "s\xe9to": "séto", "\xff": "ÿ", "": ""} {
		if got, ok := Text(Py2Str(in)); !ok || got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}
