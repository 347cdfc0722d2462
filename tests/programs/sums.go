// SPDX-License-Identifier: MIT
// Goroutines, maps, files, time and the exit code, as Go has them on WASI.
package main

import (
	"fmt"
	"os"
	"sort"
	"strings"
	"sync"
	"time"
)

func main() {
	var group sync.WaitGroup
	sums := make(chan int, 10)
	for i := 0; i < 10; i++ {
		group.Add(1)
		go func(n int) {
			defer group.Done()
			time.Sleep(time.Millisecond)
			sums <- n * n
		}(i)
	}
	group.Wait()
	close(sums)
	total := 0
	for n := range sums {
		total += n
	}
	fmt.Println(total, strings.Join(os.Args[1:], ","), os.Getenv("NAME"))
	if err := os.WriteFile("/data/go.txt", []byte("from go"), 0o644); err != nil {
		fmt.Println(err)
	}
	text, _ := os.ReadFile("/data/go.txt")
	entries, _ := os.ReadDir("/data")
	names := []string{}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	sort.Strings(names)
	fmt.Println(string(text), names)
	_, err := os.ReadFile("/etc/passwd")
	fmt.Println(err != nil)
	func() {
		defer func() { fmt.Println("recovered:", recover()) }()
		panic("oh")
	}()
	os.Exit(5)
}
