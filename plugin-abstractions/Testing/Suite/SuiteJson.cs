using System.Text.Json.Serialization;

namespace IntegrationHub.Testing.Suite;

[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(System.Text.Json.JsonElement))]
internal sealed partial class SuiteJson : JsonSerializerContext;
