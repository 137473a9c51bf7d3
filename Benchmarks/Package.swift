// swift-tools-version: 6.2
// Benchmarks are a package of their own, so that the library has no benchmark dependency.
import PackageDescription

// Set, stores on PostgreSQL can be measured too: `--store postgres://…`.
let hasPostgres = Context.environment["VECTOR_STORE_POSTGRES_BENCHMARKS"] != nil

let package = Package(
  name: "Benchmarks",
  platforms: [.macOS(.v15)],
  dependencies: [
    .package(
      name: "vector-store", path: "..", traits: hasPostgres ? ["Postgres"] : [.defaults]),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
  ],
  targets: [
    .executableTarget(
      name: "benchmarks",
      dependencies: [
        .product(name: "VectorStore", package: "vector-store"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ])
  ],
  swiftLanguageModes: [.v6]
)

for target in package.targets {
  target.swiftSettings = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
  ]
}
