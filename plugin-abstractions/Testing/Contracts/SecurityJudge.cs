namespace IntegrationHub.Testing.Contracts;

/// <summary>Judges whether a request presents itself in one of the ways that the description has. Which credentials these are is never looked at.</summary>
internal static class SecurityJudge
{
    public static void Check(VendorRequest request, OperationModel operation, SchemaOutcome outcome)
    {
        if (operation.Security is not { } ways || ways.Any(way => way.All(credential => Presents(request, credential))))
            return;

        var likeliest = ways.OrderBy(way => way.Count(credential => !Presents(request, credential))).First().First(credential => !Presents(request, credential));
        var known = string.Join(", or ", ways.Select(way => string.Join(" and ", way.Select(Words))).Distinct());
        outcome.Add(ViolationKind.Security, Pointer(likeliest), "The request does not present itself in a way that the description has.", operation.Operation.Place, $"Known: {known}.");
    }

    private static bool Presents(VendorRequest request, SecurityModel credential)
    {
        var authorization = request.Headers["Authorization"].FirstOrDefault() ?? "";
        return credential switch
        {
            { Type: "http", Scheme: "basic" or "bearer" } => authorization.StartsWith(credential.Scheme + " ", StringComparison.OrdinalIgnoreCase),
            { Type: "http" } => authorization.Length > 0,
            { Type: "oauth2" or "openIdConnect" } => authorization.Length > 0 || HasQuery(request, "access_token"),
            { Type: "apiKey", Name: { } name, In: "header" } => request.Headers.Contains(name),
            { Type: "apiKey", Name: { } name, In: "query" } => HasQuery(request, name),
            { Type: "apiKey", Name: { } name, In: "cookie" } => request.Headers["Cookie"].Any(header => header.Contains(name + "=", StringComparison.Ordinal)),

            // A certificate leaves no trace in the request, and a sort nobody knows can't be missed.
            _ => true,
        };
    }

    private static bool HasQuery(VendorRequest request, string name) => FormTree.Pairs(request.Address.Query.TrimStart('?')).Exists(pair => pair.Key == name);

    private static string Pointer(SecurityModel credential) => credential switch
    {
        { Type: "apiKey", Name: { } name, In: { } place } => Schemas.PointerText.Append("/" + place, name),
        _ => "/header/Authorization",
    };

    private static string Words(SecurityModel credential) => credential switch
    {
        { Type: "http", Scheme: { } scheme } => $"Authorization: {scheme}",
        { Type: "apiKey" } => $"{credential.Name} in the {credential.In}",
        _ => "Authorization",
    };
}
