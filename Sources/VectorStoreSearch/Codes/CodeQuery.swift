// One query's side of a search by codes: its rotated form.

/// A query that is searched by codes.
struct CodeQuery: Sendable {
  /// The query brought to unit length, rotated: the padded dimensions.
  let rotated: [Float]

  init(_ unit: UnitVector, rotation: Rotation) {
    var rotated = unit.components
    rotated += [Float](repeating: 0, count: rotation.paddedDimensions - rotated.count)
    rotated.withUnsafeMutableBufferPointer { buffer in
      if let start = buffer.baseAddress { rotation.apply(start) }
    }
    self.rotated = rotated
  }
}
