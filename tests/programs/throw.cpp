// SPDX-License-Identifier: MIT
// Exceptions through frames with destructors, rethrown, of the library and of the language.
#include <cstdio>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>
struct Guard { const char *n; ~Guard() { std::printf("left %s\n", n); } };
static int depth(int n) { Guard g{n == 3 ? "three" : "other"}; if (n == 0) throw std::out_of_range("bottom"); return depth(n - 1) + 1; }
int main() {
    std::map<std::string, std::vector<int>> m;
    m["a"].push_back(1);
    try { std::printf("%zu\n", m.at("b").size()); } catch (const std::out_of_range &e) { std::puts("no b"); }
    try { depth(3); } catch (const std::exception &e) { std::printf("caught %s\n", e.what()); }
    try { try { throw 42; } catch (int n) { std::printf("int %d\n", n); throw; } } catch (...) { std::puts("again"); }
    return 7;
}
