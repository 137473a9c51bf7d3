// Reads the matrices of real vectors that tests measure on (SharedData's .npy files). Test code:
// it knows the one kind of array that those files hold, and throws at any other.

package import Foundation

/// A float32 matrix out of a NumPy file: version 1 of the format (NumPy Enhancement Proposal 1),
/// little-endian, C order, two axes.
package struct NPYFixture: Sendable {
  /// The number of rows and of columns.
  package let rows: Int, columns: Int
  /// `rows` × `columns` numbers, row after row.
  package let elements: [Float]

  /// Reads a file.
  ///
  /// - Throws: What reading the file throws, or `CocoaError(.fileReadCorruptFile)` for another array.
  package init(contentsOf url: URL) throws {
    let data = try Data(contentsOf: url, options: .alwaysMapped)
    guard data.count > 10, data.starts(with: [0x93] + Array("NUMPY\u{1}\u{0}".utf8))
    else { throw CocoaError(.fileReadCorruptFile) }
    let start = 10 + Int(data[8]) + 256 * Int(data[9])
    let header = String(decoding: data[10..<start], as: UTF8.self)
    let shape = #/'descr': '<f4', 'fortran_order': False, 'shape': \((\d+), (\d+)\)/#
    guard let match = header.firstMatch(of: shape), let rows = Int(match.1),
      let columns = Int(match.2), data.count == start + rows * columns * 4
    else { throw CocoaError(.fileReadCorruptFile) }
    self.rows = rows
    self.columns = columns
    elements = [Float](unsafeUninitializedCapacity: rows * columns) { buffer, count in
      _ = data[start...].copyBytes(to: buffer)
      count = rows * columns
    }
  }

  /// One row.
  package subscript(row: Int) -> [Float] {
    Array(elements[row * columns..<(row + 1) * columns])
  }
}
