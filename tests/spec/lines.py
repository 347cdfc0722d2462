#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Turns converted spec scripts into the words that lines.c reads. usage: lines.py FOLDER [NAME…]; GC scripts are left out."""
import glob
import json
import os
import sys

LANES = {"i8": 16, "i16": 8, "i32": 4, "i64": 2, "f32": 4, "f64": 2}


def lane(text):
    return {"nan:canonical": "c", "nan:arithmetic": "a"}.get(text) or str(int(text) & (1 << 64) - 1)


def value(v):
    kind = v["type"]
    if kind == "either":
        return "|".join(value(x) for x in v["values"])
    if kind == "v128":
        n = LANES[v["lane_type"]]
        mask = (1 << 128 // n) - 1
        return "v128:%d:%s" % (n, ",".join(x if x in "ca" else str(int(x) & mask) for x in map(lane, v["value"])))
    if kind in ("i32", "f32", "i64", "f64"):
        text = lane(v["value"])
        return "%s:1:%s" % (kind, str(int(text) & 0xFFFFFFFF) if kind == "i32" else text)
    if "null" in kind or v.get("value") == "null":
        return "%s:1:null" % kind.replace("nullexternref", "externref").replace("nullfuncref", "funcref")
    return "%s:1:%s" % (kind, str(int(v["value"]) + 1) if "value" in v else "any")


def hexname(text):
    return "x" + text.encode().hex()


def action(a):
    name = hexname(a["module"]) if "module" in a else "-"
    words = [name, hexname(a["field"]), a["type"]] + [value(v) for v in a.get("args", [])]
    return " ".join(words) + " ="


def script(path):
    folder = os.path.dirname(path)
    definition = None
    yield "store"
    for c in json.load(open(path))["commands"]:
        kind = c["type"]
        file = c.get("binary_filename") or (c.get("filename") if c.get("module_type") == "binary" else None)
        file = file and os.path.join(folder, file)
        if kind == "module":
            yield "module %s %s" % (file, hexname(c["name"]) if "name" in c else "-")
        elif kind == "module_definition":
            definition = file
        elif kind == "module_instance":
            yield "module %s %s" % (definition, hexname(c["instance"]) if "instance" in c else "-")
        elif kind in ("assert_invalid", "assert_malformed") and file:
            yield "refuse %s" % file
        elif kind == "assert_unlinkable":
            yield "unlinkable %s" % file
        elif kind == "assert_uninstantiable":
            yield "trapping %s" % file
        elif kind == "register":
            yield "register %s %s" % (hexname(c["as"]), hexname(c["name"]) if "name" in c else "-")
        elif kind in ("assert_return", "action"):
            yield "return %s %s" % (action(c["action"]), " ".join(value(v) for v in c.get("expected", [])))
        elif kind in ("assert_trap", "assert_exhaustion"):
            yield "trap " + action(c["action"])
        elif kind == "assert_exception":
            yield "exception " + action(c["action"])


root, wanted = sys.argv[1], sys.argv[2:]
for path in sorted(glob.glob(os.path.join(root, "**", "*.json"), recursive=True)):
    name = os.path.basename(path)[:-5]
    # Two scripts end with a module of the GC proposal.
    if "/gc/" in path or name in ("table_init", "table_init64") or (wanted and name not in wanted):
        continue
    print("\n".join(script(path)))
