namespace IntegrationHub.Host;

/// <summary>The operator's settings, section <c>Hub</c>; each can be given as <c>HUB_NAME</c> (<c>HUB_SECTION__NAME</c> below it).</summary>
internal sealed class HubOptions
{
    public const string Section = "Hub";

    /// <summary>The data folder. Default <c>./data</c>.</summary>
    public string Data { get; set; } = "data";

    /// <summary>The operator's plugin list. Default <c>plugins.json</c> in the working folder, else beside the program.</summary>
    public string? PluginsFile { get; set; }

    /// <summary>The address under which providers reach the hub, for webhook addresses and for signatures over them. Default: the request's own.</summary>
    public string? PublicUrl { get; set; }

    /// <summary>Whether connections may set <c>overrides.baseUrl</c>. Default: only in Development.</summary>
    public bool AllowBaseUrlOverride { get; set; }

    /// <summary>Whether private and loopback addresses may be reached. Default: only in Development.</summary>
    public bool AllowPrivateTargets { get; set; }

    /// <summary>Networks (CIDR) that may be reached although they are private.</summary>
    public IList<string> AllowedNetworks { get; } = [];

    /// <summary>The proxy that outgoing connections to public addresses go through: <c>http://[user:password@]host:port</c>. Default: none.</summary>
    public string? OutgoingProxy { get; set; }

    /// <summary>Whether the proxy resolves names, where the hub cannot; then the proxy must refuse what is not public. Default: the hub does, and checks.</summary>
    public bool OutgoingProxyResolvesNames { get; set; }

    /// <summary>The master key: 32 bytes in base64. Default: the key file in the data folder.</summary>
    public string? MasterKey { get; set; }

    /// <summary>
    /// Former master keys that data is still encrypted with, for the move to another one: keys in base64, or <c>file</c> or <c>kms</c> for those kept there; several with commas between.
    /// </summary>
    public string? MasterKeyPrevious { get; set; }

    /// <summary>Where the master key comes from: <c>file</c>, <c>setting</c> or <c>kms</c>. Default: <c>setting</c> when <see cref="MasterKey"/> is given, else <c>file</c>.</summary>
    public string? MasterKeySource { get; set; }

    /// <summary>The bootstrap admin key, 32 characters or more. Default: made at first start.</summary>
    public string? AdminKey { get; set; }
}
