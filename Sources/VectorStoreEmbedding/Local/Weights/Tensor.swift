// Float32 numbers of a model, mapped or in memory of their own.

/// Numbers that stay where they are for as long as this lives.
struct Tensor: Sendable {
  private final class Memory: Sendable {
    // Written before anybody else has it, and freed when nobody has it any more.
    nonisolated(unsafe) let numbers: UnsafeMutablePointer<Float>

    init(_ numbers: UnsafeMutablePointer<Float>) { self.numbers = numbers }

    deinit { numbers.deallocate() }
  }

  // Read only; what it points to lives as long as `owner`.
  nonisolated(unsafe) let numbers: UnsafePointer<Float>
  let count: Int
  private let owner: any AnyObject & Sendable

  /// Numbers of a mapped file, or nil unless they are aligned as float32 must be.
  init?(mapped bytes: UnsafeRawBufferPointer, of file: MappedFile) {
    guard let start = bytes.baseAddress, Int(bitPattern: start) % 4 == 0 else { return nil }
    numbers = start.assumingMemoryBound(to: Float.self)
    count = bytes.count / 4
    owner = file
  }

  /// Numbers of their own.
  init(count: Int, _ number: (Int) -> Float) {
    let memory = UnsafeMutablePointer<Float>.allocate(capacity: max(count, 1))
    for index in 0..<count { (memory + index).initialize(to: number(index)) }
    owner = Memory(memory)
    numbers = UnsafePointer(memory)
    self.count = count
  }

  /// The first number of a row of so many columns.
  func row(_ index: Int, columns: Int) -> UnsafePointer<Float> { numbers + index * columns }
}
