// Functions and their lines, in every language that there is a grammar for.
// Must never load a grammar that the tested path doesn't take.
import { describe, expect, it } from 'vitest';
import { createSyntaxTrees } from '../../base/syntax-tree.ts';

const trees = createSyntaxTrees();

describe('functions of a file', () => {
  it.each<[string, string, readonly string[]]>([
    [
      'a.js',
      'exports.a = function () {};\nconst b = () => 1;\nfunction c() {\n}\nclass D { e() {} f = () => 1 }\nconst g = { h: function () {} };\n',
      ['a 1-1', 'b 2-2', 'c 3-4', 'e 5-5', 'f 5-5', 'h 6-6'],
    ],
    [
      'a.ts',
      'export const a = (x: number): number => {\n  return x;\n};\nclass B {\n  private c = async () => 1;\n}\n',
      ['a 1-3', 'c 5-5'],
    ],
    ['a.py', 'class A:\n    @cached\n    def b(self):\n        return 1\n\nasync def c():\n    pass\n', ['b 2-4', 'c 6-7']],
    ['a.go', 'package a\n\nfunc (s *Store) Get(k string) int {\n\treturn 1\n}\n\nfunc main() {}\n', ['Get 3-5', 'main 7-7']],
    [
      'A.java',
      'class A {\n  A() {}\n  @Override\n  public int b() {\n    return 1;\n  }\n  class C { void d() {} }\n}\n',
      ['A 2-2', 'b 3-6', 'd 7-7'],
    ],
    ['a.rb', 'class A\n  def b\n    1\n  end\n  def self.c; end\nend\n', ['b 2-4', 'c 5-5']],
    ['a.rs', 'impl A {\n    fn b(&self) -> u8 {\n        1\n    }\n}\nfn c() {}\n', ['b 2-4', 'c 6-6']],
    ['a.php', '<?php\nfunction a() {\n}\nclass B { public function c() {} }\n', ['a 2-3', 'c 4-4']],
    ['A.cs', 'class A {\n  int B() { return 1; }\n  void C() { void D() { } }\n}\n', ['B 2-2', 'C 3-3', 'D 3-3']],
    [
      'a.cpp',
      'int *Store::get(int key) {\n  return 0;\n}\ntemplate <class T>\nT& b(T& x) { return x; }\nstatic void c(void) {}\n',
      ['get 1-3', 'b 4-5', 'c 6-6'],
    ],
    ['a.sh', 'a() {\n  echo 1\n}\nfunction b { echo 2; }\n', ['a 1-3', 'b 4-4']],
    ['a.ps1', 'function Get-A {\n  1\n}\n', ['Get-A 1-3']],
    ['notes.txt', 'function a() {}\n', []],
  ])('of %s are found with their lines', async (path, text, expected) => {
    const found = await trees.listFunctions(path, text);
    expect(found.map(({ name, startLine, endLine }) => `${name} ${startLine}-${endLine}`)).toEqual(expected);
  });
});
