namespace IntegrationHub.Manifests.Rules;

/// <summary>The ways that obtain a token have what their grant needs, and credentials go only where the manifest may call.</summary>
internal sealed class OAuthRule : IManifestRule
{
    private static readonly HashSet<string> OfAuthorization =
        ["response_type", "client_id", "redirect_uri", "scope", "state", "code_challenge", "code_challenge_method"];

    private static readonly HashSet<string> OfToken =
    [
        "grant_type", "code", "redirect_uri", "client_id", "client_secret", "code_verifier", "refresh_token", "scope", "assertion", "client_assertion", "client_assertion_type",
    ];

    private static readonly HashSet<string> OfHub = ["accessToken", "tokenType", "scopes", "expiresAt", "refreshToken"];

    public void Check(ManifestDraft draft, ManifestFindings findings)
    {
        foreach (var auth in draft.Root["auth"].Items())
            if (auth["type"].Text is "oauth2" or "jwt_bearer")
                Check(draft, auth, findings);

        CheckScopesOfOperations(draft, findings);
    }

    private static void Check(ManifestDraft draft, Place auth, ManifestFindings findings)
    {
        CheckAddresses(draft, auth, findings);
        var isJwt = auth["type"].Text == "jwt_bearer";
        if (isJwt)
            CheckJwtBearer(draft, auth, findings);
        else
            CheckOauth2(draft, auth, findings);

        if (auth["assertion"].Exists)
            CheckKey(draft, auth["assertion"], findings);

        CheckNames(auth, findings);
        CheckScopes(auth, findings);
        foreach (var place in (Place[])[auth["clientSecret"], auth["assertion"]["privateKey"], auth["assertion"]["credentials"]])
            CheckSecret(draft, place, findings);
    }

    private static void CheckAddresses(ManifestDraft draft, Place auth, ManifestFindings findings)
    {
        foreach (var key in (string[])["authorizeUrl", "tokenUrl", "revokeUrl", "issuer", "discovery"])
        {
            var place = auth[key];
            if (place.Text is not { Length: > 0 } address)
                continue;

            if (!address.StartsWith('{'))
            {
                if (!Uri.TryCreate(HostList.WithoutPlaceholders(address), UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
                {
                    findings.Error(place.Pointer, "This is not an absolute https address.", "Write it like https://auth.example.com/token.");
                    continue;
                }

                if (HostList.IsPlainHttp(address))
                    findings.Error(place.Pointer, "Credentials would travel without TLS.", "Write https://.");

                if (uri.Fragment.Length > 0 || (key == "issuer" && uri.Query.Length > 0))
                    findings.Error(place.Pointer, key == "issuer" ? "An issuer has neither query nor fragment (RFC 8414 §2)." : "An endpoint has no fragment (RFC 6749 §3).", "Leave that part out.");
            }

            // The hub calls all but the authorisation endpoint, where a browser goes; and the issuer only to look something up.
            if (key is "authorizeUrl" || (key is "issuer" && (!LooksUp(auth) || auth["discovery"].Exists)))
                continue;

            if (!draft.Hosts.CanReach(address))
                findings.Error(place.Pointer, "The address leads to a host that is not in network.allow.", "Add its host to network.allow: the hub calls it with the client's credentials.");
        }

        if (auth["discovery"].Exists && !auth["issuer"].Exists)
            findings.Error(auth["issuer"].Pointer, "Metadata is worth nothing without the issuer it must name (RFC 8414 §3.3).", "Write the \"issuer\" that stands in the document.");
    }

    /// <summary>Whether endpoints are left to the issuer's metadata.</summary>
    private static bool LooksUp(Place auth) =>
        auth["issuer"].Exists && (!auth["tokenUrl"].Exists || (auth["type"].Text == "oauth2" && auth["grant"].Text != "client_credentials" && !auth["authorizeUrl"].Exists));

    private static void CheckOauth2(ManifestDraft draft, Place auth, ManifestFindings findings)
    {
        if (!auth["tokenUrl"].Exists && !auth["issuer"].Exists)
            findings.Error(auth["tokenUrl"].Pointer, "The type \"oauth2\" needs \"tokenUrl\".", "Write the provider's token endpoint, or the \"issuer\" whose metadata names it.");

        var consent = auth["grant"].Text != "client_credentials";
        if (consent && !auth["authorizeUrl"].Exists && !auth["issuer"].Exists)
            findings.Error(
                auth["authorizeUrl"].Pointer, "OAuth with a person's consent needs an authorisation endpoint.",
                "Write \"authorizeUrl\", or \"grant\": \"client_credentials\" where no person takes part.");

        if (!auth["clientId"].Exists && !draft.Config.Has("clientId"))
            findings.Error(auth["clientId"].Pointer, "There is no client id.", "Add the config field \"clientId\", or write \"clientId\": \"{config.…}\" here.");

        var how = auth["tokenAuth"].Or("basic");
        if (how is "basic" or "body" && !auth["clientSecret"].Exists && !draft.Config.Has("clientSecret"))
            findings.Error(
                auth["clientSecret"].Pointer, "There is no client secret.",
                "Add the config field \"clientSecret\" with \"x-secret\": true, or write \"clientSecret\" here, or \"tokenAuth\": \"none\" for a public client.");

        if (how == "none" && !consent)
            findings.Error(auth["tokenAuth"].Pointer, "Without a person and without a secret anybody could have the token (RFC 6749 §4.4).", "Let the client authenticate: basic, body or private_key_jwt.");

        if (how == "none" && consent && auth["pkce"].Value.ValueKind == System.Text.Json.JsonValueKind.False)
            findings.Error(auth["pkce"].Pointer, "A public client must use PKCE (RFC 9700 §2.1.1).", "Leave \"pkce\" out.");

        if (how == "private_key_jwt" && !auth["assertion"].Exists)
            findings.Error(auth["assertion"].Pointer, "\"private_key_jwt\" needs \"assertion\".", "Write assertion: { \"privateKey\": \"{config.privateKey}\", \"keyId\": \"{config.keyId}\" }.");
        else if (how != "private_key_jwt" && auth["assertion"].Exists)
            findings.Warn(auth["assertion"].Pointer, "Nothing uses this assertion.", "It is for \"tokenAuth\": \"private_key_jwt\" and for the type \"jwt_bearer\".");
    }

    private static void CheckJwtBearer(ManifestDraft draft, Place auth, ManifestFindings findings)
    {
        if (!auth["tokenUrl"].Exists && !auth["issuer"].Exists)
            findings.Error(auth["tokenUrl"].Pointer, "The type \"jwt_bearer\" needs \"tokenUrl\".", "Write the endpoint that exchanges the assertion for a token.");

        var assertion = auth["assertion"];
        if (!assertion.Exists)
        {
            if (!draft.HasEntry)
                findings.Error(assertion.Pointer, "The type \"jwt_bearer\" needs \"assertion\".", "Write assertion: { \"credentials\": \"{config.serviceAccount}\" }, or issuer and privateKey; only plugins with \"entry\" sign by code.");

            return;
        }

        if (!assertion["issuer"].Exists && !assertion["credentials"].Exists && !auth["clientId"].Exists)
            findings.Error(assertion["issuer"].Pointer, "An assertion says who signs it (RFC 7523 §3).", "Write \"issuer\": \"{config.clientId}\".");
    }

    private static void CheckKey(ManifestDraft draft, Place assertion, ManifestFindings findings)
    {
        if (!assertion["privateKey"].Exists && !assertion["credentials"].Exists)
            findings.Error(assertion["privateKey"].Pointer, "There is no key to sign with.", "Write \"privateKey\": \"{config.privateKey}\", or \"credentials\" for a key file.");

        foreach (var (name, place) in assertion["claims"].Members())
            if (name is "iss" or "sub" or "aud" or "exp" or "iat" or "jti")
                findings.Error(place.Pointer, $"The hub writes the claim \"{name}\" itself.", "Use issuer, subject, audience and lifetime.");

        foreach (var (name, place) in assertion["headers"].Members())
            if (name is "alg" or "typ" or "kid")
                findings.Error(place.Pointer, $"The hub writes the header \"{name}\" itself.", "Use algorithm and keyId.");
    }

    private static void CheckNames(Place auth, ManifestFindings findings)
    {
        foreach (var (name, place) in auth["extra"].Members())
            if (OfAuthorization.Contains(name))
                findings.Error(place.Pointer, $"The hub writes the parameter \"{name}\" itself.", "Leave it out.");

        foreach (var (name, place) in auth["tokenParams"].Members())
            if (OfToken.Contains(name))
                findings.Error(place.Pointer, $"The hub writes the parameter \"{name}\" itself.", "Leave it out.");

        foreach (var (name, place) in auth["callback"].Members().Concat(auth["answer"]["values"].Members()))
            if (OfHub.Contains(name))
                findings.Error(place.Pointer, $"\"{name}\" is a name of the hub's own.", "Choose another.");

        foreach (var (name, place) in auth["callback"].Members())
            if (place.Text is "code" or "state" or "iss" or "error" or "error_description" or "error_uri")
                findings.Error(place.Pointer, $"The parameter \"{place.Text}\" belongs to the protocol.", $"Name what else the provider sends, for \"{name}\".");
    }

    private static void CheckScopes(Place auth, ManifestFindings findings)
    {
        var declared = auth["scopes"].Members().ToList();
        var separator = auth["scopeSeparator"].Or(" ");
        foreach (var (name, place) in declared)
            if (name.Length == 0 || (separator.Length > 0 && name.Contains(separator, StringComparison.Ordinal)))
                findings.Error(place.Pointer, $"This cannot be one scope: \"{separator}\" stands between scopes.", "Write each scope by itself.");

        if (declared.Count == 0)
            return;

        var names = declared.Select(scope => scope.Name).ToList();
        foreach (var scope in auth["defaultScopes"].Items())
            if (scope.Text is { } name && !names.Contains(name))
                findings.Error(scope.Pointer, $"There is no scope \"{name}\" in \"scopes\".", Schemas.Nearest.Hint(name, names));
    }

    private static void CheckScopesOfOperations(ManifestDraft draft, ManifestFindings findings)
    {
        var declared = draft.Root["auth"].Items()
            .SelectMany(auth => auth["scopes"].Members().Select(scope => scope.Name).Concat(auth["alwaysScopes"].Items().Select(scope => scope.Text).OfType<string>()))
            .ToHashSet(StringComparer.Ordinal);
        if (declared.Count == 0)
            return;

        foreach (var operation in draft.Operations)
            foreach (var scope in operation.Place["scopes"].Items())
                if (scope.Text is { } name && !declared.Contains(name))
                    findings.Warn(scope.Pointer, $"No way to authenticate asks for the scope \"{name}\".", Schemas.Nearest.Hint(name, declared) ?? "Add it to \"scopes\" of the authentication.");
    }

    private static void CheckSecret(ManifestDraft draft, Place place, ManifestFindings findings)
    {
        if (place.Text is not { } text)
            return;

        foreach (var (root, path) in TemplateReferences.Of(text))
        {
            var field = draft.Root["config"]["properties"][SchemaFields.FirstStep(path)];
            if (root == "config" && field.IsObject && field["x-secret"].Value.ValueKind != System.Text.Json.JsonValueKind.True)
                findings.Warn(field["x-secret"].Pointer, "This field holds a credential and is not marked as one.", "Write \"x-secret\": true, so that it is kept encrypted.");
        }
    }
}
