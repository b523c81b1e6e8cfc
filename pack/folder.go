package pack

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/larder-ml/larder"
)

// extensions are those model files go by in the folders other tools make.
var extensions = []string{".pkl", ".pickle", ".joblib", ".skops", ".sav"}

// ModelFile finds the model in a folder: the one an MLflow MLmodel file names, or the only file that goes by a model's
// extension (a Hugging Face snapshot, a folder KServe mounts).
func ModelFile(dir string) (string, error) {
	if b, err := os.ReadFile(filepath.Join(dir, "MLmodel")); err == nil {
		return mlflow(dir, b)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", err
	}
	var found []string
	for _, e := range entries {
		if !e.IsDir() && slices.Contains(extensions, strings.ToLower(filepath.Ext(e.Name()))) {
			found = append(found, e.Name())
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

// mlflow reads the one line of an MLmodel file that names the pickled scikit-learn model.
func mlflow(dir string, b []byte) (string, error) {
	section := ""
	for s := bufio.NewScanner(bytes.NewReader(b)); s.Scan(); {
		line := s.Text()
		key, value, ok := strings.Cut(strings.TrimSpace(line), ":")
		if !ok {
			continue
		}
		switch indent := len(line) - len(strings.TrimLeft(line, " ")); {
		case indent == 2:
			section = key
		case indent == 4 && section == "sklearn" && key == "pickled_model":
			name := strings.Trim(strings.TrimSpace(value), `"'`)
			if name == "" || !filepath.IsLocal(name) || strings.ContainsAny(name, `\:`) {
				return "", &Error{dir, fmt.Sprintf("MLmodel names %q, which is no file of the folder", name), larder.ErrUnsafe}
			}
			return filepath.Join(dir, name), nil
		}
	}
	return "", &Error{dir, "MLmodel describes no scikit-learn model", larder.ErrUnsupported}
}
