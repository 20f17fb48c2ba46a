using System.Collections.Concurrent;
using System.Text;

namespace IntegrationHub.Host.Tests.Plugins.Containment;

/// <summary>What became of each method misbehaving in each way, as a table.</summary>
internal sealed class FaultMatrix
{
    private static readonly string[] Columns = ["method", "fault", "the caller saw", "the hub did", "the plugin beside it meanwhile"];
    private readonly ConcurrentDictionary<(string Method, string Way), string[]> rows = new();

    public int Count => rows.Count;

    public void Add(string method, string way, string callerSaw, string hubDid, string beside) => rows[(method, way)] = [callerSaw, hubDid, beside];

    public string Render(IReadOnlyList<string> methods, IReadOnlyList<string> ways)
    {
        var text = new StringBuilder();
        Line(Columns);
        Line([.. Columns.Select(_ => "---")]);
        foreach (var method in methods)
            foreach (var way in ways)
                if (rows.TryGetValue((method, way), out var row))
                    Line([method, way, .. row]);

        return text.ToString();

        void Line(string[] cells) => text.Append("| ").AppendJoin(" | ", cells).Append(" |\n");
    }
}
