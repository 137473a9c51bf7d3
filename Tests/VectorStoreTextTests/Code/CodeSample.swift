// Code in each language, with what it declares.

import Testing

/// A text of code and its declarations.
struct CodeSample: CustomTestStringConvertible, Sendable {
  var name: String
  var text: String
  /// Each declaration with its first and last line and those that it is in.
  var expected: [String]
  var testDescription: String { name }

  static let some = [
    CodeSample(
      name: "a.swift",
      text: """
        /// Keeps.
        @MainActor
        public final class Store<T>: Base where T: X {
          let table = ["}": "{"]
          var count: Int { 1 }
          /* } /* nested } */ */
          public init(_ x: Int = { 2 }()) { self.x = x }
          static func < (one: Store, other: Store) -> Bool { true }
          func add(
            _ text: String
          ) throws
            -> Int
          {
            if text == "\\"{" || text == #"}"# { return 1 }
            func inner() {}
            return [1].map { $0 }.count
          }
        }
        #if DEBUG
        extension Store.Part: Sized {
        #else
        extension Store.Part {
        #endif
          func size() -> Int { \"\"\"
            func none() {
            \"\"\".count }
        }
        let pattern = /["{]/
        typealias Load = (Int) -> [UInt8]
        func last() {}
        """,
      expected: [
        "1-18 class Store", "5-5 class Store › var count", "6-7 class Store › init",
        "8-8 class Store › func <", "9-17 class Store › func add",
        "15-15 class Store › func add › func inner", "20-21 extension Store.Part",
        "22-27 extension Store.Part", "24-26 extension Store.Part › func size", "30-30 func last",
      ]),
    CodeSample(
      name: "a.cpp",
      text: """
        namespace a::b EXPORT(default) {
        template <typename T, class U = int>
        class Foo : public Bar<T> {
        public:
          Foo(int x) : x_(x) { go('{', 1'000); }
          ~Foo() { }
          bool operator==(const Foo& o) const { return true; }
          const char* s = R"x(})x";
        };
        #define OPEN {
        #ifdef A
        int f(int a) {
        #else
        int f(long a) {
        #endif
          return 1;
        }
        static struct foo *
        find (int x)
        {
          switch (x) { case 1: { return 0; } }
        }
        static const int table[] = {
          1, 2
        };
        MACRO(int)
        Foo<int>::bar(int a) {}
        extern "C" {
        void plain(void) { }
        }
        }
        """,
      expected: [
        "1-31 namespace a::b", "2-9 namespace a::b › class Foo",
        "5-5 namespace a::b › class Foo › Foo", "6-6 namespace a::b › class Foo › ~Foo",
        "7-7 namespace a::b › class Foo › operator==", "12-13 namespace a::b › f",
        "14-17 namespace a::b › f", "18-22 namespace a::b › find", "23-25 namespace a::b › table",
        "26-27 namespace a::b › bar", "29-29 namespace a::b › plain",
      ]),
    CodeSample(
      name: "a.py",
      text: """
        '''
        def none():
        '''
        TABLE = {
          "a": 1,
        }

        @decorated(
          "x")
        class Store(Base):
            # def none(): "
            @property
            def size(self):
                return "def no(): " + ''

            async def add(self,
                          text):
                def inner(x):
                    return x
                if text:
                    pass
        def last(): pass
        """,
      expected: [
        "8-22 class Store", "11-16 class Store › def size", "16-22 class Store › def add",
        "18-20 class Store › def add › def inner", "22-22 def last",
      ]),
    CodeSample(
      name: "a.ts",
      text: """
        export interface Shape<T> { a: string; }
        export class Bar extends Baz {
          private x = /["{]/;
          constructor(private a: string) { super(); }
          async get<T>(u: string): Promise<T> {
            return this.a.map((x) => { return `a ${x} {`; });
          }
        }
        export const make = async (a: number): Promise<void> => {
          if (a / 2) { b(); }
        };
        exports.fold = function (a) { return a / 2; };
        """,
      expected: [
        "1-1 interface Shape", "2-8 class Bar", "4-4 class Bar › constructor",
        "5-7 class Bar › get",
        "9-11 const make", "12-12 exports.fold",
      ]),
    CodeSample(
      name: "a.java",
      text: """
        @Retry(times = 2)
        public class Store<T extends Item> {
          private final Map<String, T> all = new HashMap<>() {{ put("{", null); }};
          /** Adds. */
          @Override
          public synchronized <R> List<R> add(T item) throws IOException {
            for (int i = 0; i < 2; i++) { run(() -> { go(); }); }
            return item.map(x -> { return '}'; });
          }
          record Point(int x, int y) { }
        }
        """,
      expected: [
        "1-11 class Store", "3-3 class Store › all", "4-9 class Store › add",
        "10-10 class Store › record Point",
      ]),
  ]

  static let others = [
    CodeSample(
      name: "a.go",
      text:
        "type Store struct {\n\ta int\n}\n\n// Adds.\nfunc (s *Store) Add(x int) (int, error) {\n"
        + "\tf := func(a int) int { return '{' }\n\treturn f(x), nil\n}\n\nfunc Map[T any](x []T) {\n}\n",
      expected: ["1-3 type Store", "5-9 func Store.Add", "11-12 func Map"]),
    CodeSample(
      name: "a.rs",
      text: """
        /// A point.
        #[derive(Debug)]
        pub struct Point<'a, T> where T: Copy {
            x: &'a T,
        }
        impl<'a, T: Copy> fmt::Display for Point<'a, T> {
            fn fmt(&self) -> fmt::Result { let c = '{'; let s = r#"raw " } "#; }
        }
        mod tests { #[test] fn works() { assert!(true); } }
        """,
      expected: [
        "1-5 struct Point", "6-8 impl fmt::Display for Point",
        "7-7 impl fmt::Display for Point › fn fmt", "9-9 mod tests", "9-9 mod tests › fn works",
      ]),
    CodeSample(
      name: "a.rb",
      text: """
        module Foo
          # A bar.
          class Bar < Base
            def self.make(x)
              x.map do |y|
                y
              end
            end

            def ==(other)
              <<~EOT
        def none
              EOT
            rescue
              1
            end
          end
        end
        """,
      expected: [
        "1-18 module Foo", "2-18 module Foo › class Bar",
        "4-10 module Foo › class Bar › def self.make",
        "10-17 module Foo › class Bar › def ==",
      ]),
    CodeSample(
      name: "a.lua",
      text:
        "--[[ function no()\n]]\n-- Adds.\nfunction M.add(a, b)\n  return a + b\nend\n"
        + "local function sub(a)\n  return [[\nfunction no()\n]]\nend\nreturn M\n",
      expected: ["1-7 function M.add", "7-12 function sub"]),
    CodeSample(
      name: "a.sh",
      text:
        "# Usage.\nusage() {\n  cat <<EOF\nnothing() {\nEOF\n}\n\nfunction run {\n  case $1 in\n"
        + "    a) echo \"${#x}\" ;;\n  esac\n}\nrun \"$@\"\n",
      expected: ["1-8 usage", "8-13 function run"]),
    CodeSample(
      name: "a.sql",
      text:
        "-- People.\nCREATE TABLE IF NOT EXISTS people (\n  id INTEGER, -- the id\n"
        + "  name TEXT DEFAULT 'a;b'\n);\nCREATE FUNCTION f() AS $$\nBEGIN; END;\n$$;\nSELECT * FROM people;\n",
      expected: ["1-5 TABLE people", "6-8 FUNCTION f"]),
    CodeSample(
      name: "a.cs",
      text: """
        namespace A.B
        {
            [Serializable]
            public class Foo : Base
            {
                public int Count { get { return 1; } set; }
                public async Task<int> Run(string s = @"a""{")
                {
                    if (s == "{") { return 1; }
                }
            }
        }
        """,
      expected: [
        "1-12 namespace A.B", "3-11 namespace A.B › class Foo",
        "6-6 namespace A.B › class Foo › Count", "7-10 namespace A.B › class Foo › Run",
      ]),
    CodeSample(
      name: "a.kt",
      text: """
        class Foo(val x: Int) : Bar() {
            companion object {
                const val A = 1
            }
            override fun size(): Int {
                return map { it }.sum()
            }
        }
        """,
      expected: ["1-8 class Foo", "5-7 class Foo › fun size"]),
    CodeSample(
      name: "a.scala",
      text:
        "object Main extends App {\n  def run(x: Int): Int = {\n    x + 1\n  }\n"
        + "  case class P(a: Int) { val b = 1 }\n}\n",
      expected: ["1-6 object Main", "2-4 object Main › def run", "5-5 object Main › class P"]),
    CodeSample(
      name: "a.php",
      text:
        "<?php\n// It's here.\nclass Tools {\n  # One.\n  public static function make($x) {\n"
        + "    $t = <<<END\nfunction none() {\nEND;\n    if ($x) { return \"}\"; }\n  }\n}\n",
      expected: ["2-11 class Tools", "4-10 class Tools › function make"]),
  ]
}
