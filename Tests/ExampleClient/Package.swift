// swift-tools-version: 6.2
// A program that uses the library, as a package of its own: it compiles only with what is public. Within the
// package its tests run with all others; here they are held to `import VectorStore`.
import PackageDescription

let package = Package(
  name: "ExampleClient",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "vector-store", path: "../..")],
  targets: [
    .executableTarget(
      name: "ten-lines", dependencies: [.product(name: "VectorStore", package: "vector-store")]),
    .testTarget(
      name: "ExampleClientTests",
      dependencies: [.product(name: "VectorStore", package: "vector-store")]),
  ],
  swiftLanguageModes: [.v6]
)

for target in package.targets {
  target.swiftSettings = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
    // What a user naturally writes, as a dictionary of metadata, must not take the compiler long. The bound is in
    // milliseconds, and wide: an expression that explodes takes many times as long.
    .unsafeFlags(["-Xfrontend", "-warn-long-expression-type-checking=2000"]),
  ]
}
