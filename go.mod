module github.com/larder-ml/larder

go 1.26
