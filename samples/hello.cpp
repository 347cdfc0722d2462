// SPDX-License-Identifier: MIT
// hello GUEST.wasm, from C++: what C gives back by *_delete is owned by unique_ptr, and a lambda is the host function.
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "tenon.h"

namespace {

struct deleter {
    void operator()(tenon_engine *e) const { tenon_engine_delete(e); }
    void operator()(tenon_tenant *t) const { tenon_tenant_delete(t); }
    void operator()(tenon_store *s) const { tenon_store_delete(s); }
    void operator()(tenon_module *m) const { tenon_module_delete(m); }
    void operator()(tenon_linker *l) const { tenon_linker_delete(l); }
};
template <typename T> using owned = std::unique_ptr<T, deleter>;

// A status that is not TENON_OK becomes an exception, with the sentence that explains it.
void check(tenon_status status, const tenon_error &err = {})
{
    if (status != TENON_OK)
        throw std::runtime_error(err.text[0] != '\0' ? err.text : tenon_status_text(status));
}

tenon_name name(const std::string &text)
{
    return { text.data(), text.size() };
}

// Makes something by a function that takes the arguments and a place for it.
template <typename T, typename F, typename... A> owned<T> make(F *function, A... args)
{
    T *made = nullptr;
    check(function(args..., &made));
    return owned<T>(made);
}

// host.print: exceptions must not leave through guests, so a bad pointer is a status.
tenon_status print(void *stream, tenon_caller *caller, const tenon_val *args, tenon_val *)
{
    void *text;
    if (!tenon_memory_range(tenon_caller_memory(caller), static_cast<uint32_t>(args[0].of.i32),
                            static_cast<uint32_t>(args[1].of.i32), 1, &text))
        return TENON_TRAP;
    static_cast<std::ostream *>(stream)->write(static_cast<const char *>(text), args[1].of.i32);
    return TENON_OK;
}

tenon_val i32(int32_t number)
{
    tenon_val val{};
    val.type = TENON_I32;
    val.of.i32 = number;
    return val;
}

std::vector<tenon_val> call(tenon_instance *instance, const std::string &what, const std::vector<tenon_val> &args)
{
    tenon_extern found;
    tenon_error err{};
    if (!tenon_instance_export(instance, name(what), &found) || found.kind != TENON_KIND_FUNC)
        throw std::runtime_error("the guest has no function " + what);
    std::vector<tenon_val> results(tenon_func_result_count(found.of.func));
    check(tenon_func_call(found.of.func, args.data(), args.size(), results.data(), results.size(), &err), err);
    return results;
}

void run(const char *path)
{
    std::ifstream file(path, std::ios::binary);
    const std::string bytes{ std::istreambuf_iterator<char>(file), {} };
    auto engine = make<tenon_engine>(tenon_engine_new, nullptr);
    auto tenant = make<tenon_tenant>(tenon_tenant_new, engine.get(), nullptr);
    auto store = make<tenon_store>(tenon_store_new, tenant.get());
    auto linker = make<tenon_linker>(tenon_linker_new, store.get());
    tenon_error err{};
    tenon_module *loaded = nullptr;
    check(tenon_module_new(engine.get(), bytes.data(), bytes.size(), &loaded, &err), err);
    const owned<tenon_module> module(loaded);

    const tenon_type params[] = { TENON_I32, TENON_I32 };
    tenon_extern host{};
    host.kind = TENON_KIND_FUNC;
    check(tenon_func_new(store.get(), params, 2, nullptr, 0, print, &std::cout, &host.of.func));
    check(tenon_linker_define(linker.get(), name("host"), name("print"), host));

    tenon_instance *instance = nullptr;
    check(tenon_linker_instantiate(linker.get(), module.get(), &instance, &err), err);
    call(instance, "hello", {});
    std::cout << "30 + 12 = " << call(instance, "add", { i32(30), i32(12) }).at(0).of.i32 << '\n';
}

} // namespace

int main(int argc, char **argv)
{
    if (argc != 2) {
        std::cerr << "usage: hello GUEST.wasm\n";
        return 2;
    }
    try {
        run(argv[1]);
    } catch (const std::exception &e) {
        std::cerr << "hello: " << e.what() << '\n';
        return 1;
    }
}
