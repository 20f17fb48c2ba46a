using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace IntegrationHub.Testing.Checks;

/// <summary>Reads what an assembly refers to, without loading it.</summary>
internal static class CodeScan
{
    private const string HttpHint = "Take clients from ProviderContext.Http: what goes past it obeys no network.allow.";

    private static readonly Dictionary<string, (string What, string Hint)> Types = new(StringComparer.Ordinal)
    {
        ["System.Net.Sockets.Socket"] = ("opens sockets itself", HttpHint),
        ["System.Net.Sockets.TcpClient"] = ("opens TCP connections itself", HttpHint),
        ["System.Net.Sockets.UdpClient"] = ("sends datagrams itself", HttpHint),
        ["System.Net.Sockets.TcpListener"] = ("listens for connections", "Plugins serve nothing: the host receives webhooks."),
        ["System.Net.WebSockets.ClientWebSocket"] = ("opens web sockets itself", HttpHint),
        ["System.Net.Mail.SmtpClient"] = ("sends mail itself", HttpHint),
        ["System.Net.WebClient"] = ("uses WebClient", HttpHint),
        ["System.Net.WebRequest"] = ("uses WebRequest", HttpHint),
        ["System.Net.HttpWebRequest"] = ("uses HttpWebRequest", HttpHint),
        ["System.Net.Http.SocketsHttpHandler"] = ("makes HTTP handlers of its own", HttpHint),
        ["System.Net.Http.HttpClientHandler"] = ("makes HTTP handlers of its own", HttpHint),
        ["System.Diagnostics.Process"] = ("starts processes", "A process is outside of every limit of the host."),
    };

    public static IEnumerable<(string Uses, string Hint)> Suspicions(string assemblyPath)
    {
        using var file = new PEReader(File.OpenRead(assemblyPath));
        var metadata = file.GetMetadataReader();
        var found = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var handle in metadata.TypeReferences)
            if (Types.TryGetValue(NameOf(metadata, handle), out var known))
                found.TryAdd($"The code {known.What} ({NameOf(metadata, handle)}).", known.Hint);

        foreach (var handle in metadata.MemberReferences)
        {
            var member = metadata.GetMemberReference(handle);
            if (member.Parent.Kind == HandleKind.TypeReference && metadata.GetString(member.Name) == ".ctor"
                && NameOf(metadata, (TypeReferenceHandle)member.Parent) == "System.Net.Http.HttpClient")
                found.TryAdd("The code makes HTTP clients of its own (new HttpClient).", HttpHint);
        }

        return [.. found.Select(pair => (pair.Key, pair.Value))];
    }

    private static string NameOf(MetadataReader metadata, TypeReferenceHandle handle)
    {
        var type = metadata.GetTypeReference(handle);
        return $"{metadata.GetString(type.Namespace)}.{metadata.GetString(type.Name)}";
    }
}
