using System.Text.Json;
using IntegrationHub.Manifests;

namespace IntegrationHub.Simulation;

/// <summary>What a simulated provider answers to a request.</summary>
/// <param name="Operation">The operation that the request looks like.</param>
/// <param name="Parameters">What stands in its path, query and body, by the names it has there: an object.</param>
/// <param name="Answer">The first of the operation's answers whose conditions hold.</param>
public sealed record SimulatedMatch(string Operation, JsonElement Parameters, SimulatorAnswer Answer);
