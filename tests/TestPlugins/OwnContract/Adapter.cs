using IntegrationHub.Adapters;

namespace OwnContract;

/// <summary>Implements the copy, not the host's contract.</summary>
public sealed class Adapter : IProviderAdapter
{
    public string Name => "own";
}
