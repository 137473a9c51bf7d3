// The forward pass of an encoder by its formula, to compare with.

import Foundation
import TestSupport

@testable import VectorStoreEmbedding

extension ModelFixture {
  func open() throws -> LocalModel { try LocalModel(folder: folder.url.path, name: "tiny") }

  /// The numbers of a tensor.
  func numbers(_ name: String) -> [Double] {
    guard let stored = tensors[name] else { return [] }
    return stored.bytes.withUnsafeBytes { bytes in
      bytes.bindMemory(to: Float.self).map(Double.init)
    }
  }

  /// The forward pass as its paper has it, in double precision and without any of the product's code.
  func states(
    of tokens: [Int], segments: [Int] = [], firstPosition: Int = 0
  ) -> [[Double]] {
    func tensor(_ name: String) -> [Double] { numbers(prefix + name) }
    func row(_ table: String, _ index: Int) -> [Double] {
      Array(tensor(table)[index * hidden..<(index + 1) * hidden])
    }
    func norm(_ x: [Double], _ name: String) -> [Double] {
      let mean = x.reduce(0, +) / Double(x.count)
      let variance = x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(x.count)
      let (gain, shift) = (tensor(name + ".weight"), tensor(name + ".bias"))
      return x.indices.map {
        (x[$0] - mean) / (variance + 1e-6).squareRoot() * gain[$0] + shift[$0]
      }
    }
    func linear(_ x: [[Double]], _ name: String) -> [[Double]] {
      let (w, b) = (tensor(name + ".weight"), tensor(name + ".bias"))
      return x.map { x in
        b.indices.map { n in
          x.indices.reduce(b[n]) { $0 + x[$1] * w[n * x.count + $1] }
        }
      }
    }
    func add(_ a: [Double], _ b: [Double]) -> [Double] { zip(a, b).map { $0 + $1 } }
    var x = tokens.enumerated().map { place, token in
      norm(
        add(
          add(
            row("embeddings.word_embeddings.weight", token),
            row("embeddings.position_embeddings.weight", firstPosition + place)),
          row("embeddings.token_type_embeddings.weight", segments.isEmpty ? 0 : segments[place])),
        "embeddings.LayerNorm")
    }
    let size = hidden / 4
    for layer in 0..<layers {
      let name = "encoder.layer.\(layer)."
      let (q, k, v) = (
        linear(x, name + "attention.self.query"), linear(x, name + "attention.self.key"),
        linear(x, name + "attention.self.value")
      )
      var context = [[Double]](repeating: [Double](repeating: 0, count: hidden), count: x.count)
      for head in 0..<4 {
        for i in x.indices {
          let scores = x.indices.map { j in
            (0..<size).reduce(0) { $0 + q[i][head * size + $1] * k[j][head * size + $1] }
              / Double(size).squareRoot()
          }
          let total = scores.reduce(0) { $0 + exp($1) }
          for j in x.indices {
            for c in 0..<size {
              context[i][head * size + c] += exp(scores[j]) / total * v[j][head * size + c]
            }
          }
        }
      }
      let y = zip(linear(context, name + "attention.output.dense"), x).map {
        norm(add($0, $1), name + "attention.output.LayerNorm")
      }
      let between = linear(y, name + "intermediate.dense").map {
        $0.map { $0 / 2 * (1 + erf($0 / 2.0.squareRoot())) }
      }
      x = zip(linear(between, name + "output.dense"), y).map {
        norm(add($0, $1), name + "output.LayerNorm")
      }
    }
    return x
  }
}
