// The README's ten lines, as a program. ReadmeExampleTests holds the README to them.

import VectorStore

let store = try await Store(path: "notes.db", configuration: StoreConfiguration(mode: .mock))
let notes = store.collection("notes")
try await notes.add([
  Document(id: "sky", text: "The sky is blue because air scatters blue light the most."),
  Document(id: "bread", text: "Bread rises because yeast turns sugar into gas."),
]).requireComplete()

let answer = try await notes.query("why is the sky blue?", limit: 1)
for hit in answer.hits {
  print(hit.score, hit.source, hit.text ?? "")
}
try await store.close()
