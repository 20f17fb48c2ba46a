using IntegrationHub.Adapters;

namespace NewerContract;

/// <summary>Built against a contract newer than the host's, and ships it.</summary>
public sealed class Adapter : IProviderAdapter
{
    public string Name => "newer";
}
