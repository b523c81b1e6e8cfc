package pack

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/larder-ml/larder"
)

// extensions are those model files go by in the folders other tools make; of the second list where there is none of the first.
var extensions = [][]string{{".pkl", ".pickle", ".joblib", ".skops", ".sav"}, {".onnx", ".safetensors"}}

// maxDescription is the most of a file beside a model that is read.
const maxDescription = 1 << 20

// ModelFile finds the model in a folder: the one that an MLflow MLmodel file or the config.json of a Hugging Face snapshot names,
// else the only file that goes by a model's extension (a folder KServe mounts). Of a Hugging Face cache folder
// (models--org--name) it is that of the snapshot that main is, or of the only one.
func ModelFile(dir string) (string, error) {
	if b := description(dir, "MLmodel"); b != nil {
		return mlflow(dir, b)
	}
	if snapshot := cached(dir); snapshot != "" {
		dir = snapshot
	}
	if b := description(dir, "config.json"); b != nil {
		var config struct {
			Sklearn struct{ Model struct{ File string } }
		}
		if json.Unmarshal(b, &config) == nil && config.Sklearn.Model.File != "" {
			return inside(dir, "config.json", config.Sklearn.Model.File)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", err
	}
	var found []string
	for _, list := range extensions {
		for _, e := range entries {
			if !e.IsDir() && slices.Contains(list, strings.ToLower(filepath.Ext(e.Name()))) {
				found = append(found, e.Name())
			}
		}
		if found != nil {
			break
		}
	}
	switch len(found) {
	case 1:
		return filepath.Join(dir, found[0]), nil
	case 0:
		return "", &Error{dir, "the folder holds no model file", larder.ErrNotFound}
	}
	return "", &Error{dir, "the folder holds several model files: " + strings.Join(found, ", "), larder.ErrNotFound}
}

// description reads a small file of a folder; nil where there is none.
func description(dir, name string) []byte {
	f, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		return nil
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxDescription))
	if err != nil {
		return nil
	}
	return b
}

// cached is the snapshot of a Hugging Face cache folder; "" where dir is none.
func cached(dir string) string {
	list, err := os.ReadDir(filepath.Join(dir, "snapshots"))
	if err != nil {
		return ""
	}
	main := strings.TrimSpace(string(description(dir, filepath.Join("refs", "main"))))
	for _, e := range list {
		if e.IsDir() && (e.Name() == main || len(list) == 1) {
			return filepath.Join(dir, "snapshots", e.Name())
		}
	}
	return ""
}

// inside gives the file of a folder that a description names.
func inside(dir, by, name string) (string, error) {
	if name == "" || !filepath.IsLocal(name) || strings.ContainsAny(name, `\:`) {
		return "", &Error{dir, fmt.Sprintf("%s names %q, which is no file of the folder", by, name), larder.ErrUnsafe}
	}
	return filepath.Join(dir, name), nil
}

// mlflow reads the one line of an MLmodel file that names the pickled scikit-learn model, or the ONNX one.
func mlflow(dir string, b []byte) (string, error) {
	section, model := "", map[string]string{}
	for s := bufio.NewScanner(bytes.NewReader(b)); s.Scan(); {
		line := s.Text()
		key, value, ok := strings.Cut(strings.TrimSpace(line), ":")
		if !ok {
			continue
		}
		switch indent := len(line) - len(strings.TrimLeft(line, " ")); {
		case indent == 2:
			section = key
		case indent == 4 && (section == "sklearn" && key == "pickled_model" || section == "onnx" && key == "data"):
			model[section] = strings.Trim(strings.TrimSpace(value), `"'`)
		}
	}
	for _, flavor := range []string{"sklearn", "onnx"} {
		if name, ok := model[flavor]; ok {
			return inside(dir, "MLmodel", name)
		}
	}
	return "", &Error{dir, "MLmodel describes no model of scikit-learn and none of ONNX", larder.ErrUnsupported}
}
