package pack

import (
	"bytes"

	"github.com/larder-ml/larder"
)

// modelFile gives the bytes of PREFIX_model.joblib. A file that is joblib with zlib at level 3 already is taken byte for
// byte.
func modelFile(c Content) ([]byte, error) {
	info := c.Model.Info()
	if info.Compressor == "zlib" && len(c.File) > 2 && c.File[0] == 0x78 && c.File[1] == 0x5e && c.Model.Whole() {
		return c.File, nil
	}
	var b bytes.Buffer
	if err := c.Model.Encode(&b, larder.Form{Format: "joblib", Compressor: "zlib", Level: 3, Alone: true}); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
