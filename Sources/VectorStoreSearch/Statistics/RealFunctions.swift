// log and exp of the C library, from wherever the platform keeps them. Used by everything in
// Statistics/.

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

extension Double {
  /// The natural logarithm (`log`).
  var logarithm: Double { log(self) }

  /// e to this power (`exp`).
  var exponential: Double { exp(self) }
}
